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

// Whether all of `text` is well-formed. Control characters and NUL count as well-formed.
bool IsUtf8(std::string_view text);

// Bytes of the printable character at the start of `text`; 0 if there is none. Not printable are
// control characters, those of C1 (U+0080 to U+009F) included, which terminals obey in UTF-8 too;
// what reorders the text around it (U+202A to U+202E, U+2066 to U+2069) or separates lines (U+2028,
// U+2029); and what Unicode defines as a noncharacter (U+FDD0 to U+FDEF, the last two of each
// plane): journalctl shows nothing of a message that has one.
size_t PrintableLength(std::string_view text);

// `text` with a question mark for each byte that is not part of a printable character: a proto's
// string must be UTF-8. The length stays.
std::string PrintableUtf8(std::string_view text);

// The same, but newlines and tabs are kept.
std::string PrintableLines(std::string_view text);

// The beginning of `text` that has at most `max_bytes` and ends with a whole character, as far as
// `text` is well-formed.
std::string_view CutUtf8(std::string_view text, size_t max_bytes);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_UTF8_H_
