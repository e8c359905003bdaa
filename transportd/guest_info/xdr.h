// SPDX-License-Identifier: Apache-2.0

// The XDR (RFC 4506) pieces that NIC information is made of: everything is a multiple of
// four bytes, integers are big-endian.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_INFO_XDR_H_
#define TOOLBOXD_TRANSPORTD_GUEST_INFO_XDR_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "transportd/wire/writer.h"

namespace toolboxd::guest_info {

// string or variable-length opaque: length, bytes, zeros up to a multiple of four.
void WriteXdrString(absl::string_view bytes, wire::Writer& writer);

// bool, also the discriminator of optional data.
void WriteXdrBool(bool value, wire::Writer& writer);

// char[size], of which XDR makes one whole unit for each character.
void WriteXdrCharArray(absl::string_view text, size_t size, wire::Writer& writer);

}  // namespace toolboxd::guest_info

#endif  // TOOLBOXD_TRANSPORTD_GUEST_INFO_XDR_H_
