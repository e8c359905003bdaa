// SPDX-License-Identifier: Apache-2.0

// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
//
// Without Abseil: the code that runs as root uses it. All functions are pure and thread-safe.

#ifndef TOOLBOXD_BASE_UTF8_H_
#define TOOLBOXD_BASE_UTF8_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace toolboxd {

// Bytes of the well-formed sequence at the start of `text`, 1 to 4; 0 if there is none.
size_t Utf8SequenceLength(std::string_view text);

// Whether all of `text` is well-formed. Control characters and NUL are.
bool IsUtf8(std::string_view text);

// `text` with a question mark for each byte that is not part of a well-formed sequence and for
// each control character below U+0080: a proto's string must be UTF-8.
std::string PrintableUtf8(std::string_view text);

// The beginning of `text` that has at most `max_bytes` and ends with a whole character, as far as
// `text` is well-formed.
std::string_view CutUtf8(std::string_view text, size_t max_bytes);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_UTF8_H_
