// SPDX-License-Identifier: Apache-2.0

// IP addresses as bytes and as text. All functions are pure and thread-safe.

#ifndef TOOLBOXD_BASE_IP_ADDRESS_H_
#define TOOLBOXD_BASE_IP_ADDRESS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace toolboxd {

// The 4 or 16 bytes, in network order, of an address in text form: dotted decimal, or one of
// the forms of RFC 4291 2.2. Empty for all other text: a name, an address with a prefix, a
// scope ("%eth0") or blanks.
std::optional<std::string> ParseIpAddress(absl::string_view text);

// The canonical text (RFC 5952 for IPv6) of 4 or 16 bytes in network order; "" if `bytes` has
// another length.
std::string IpAddressText(absl::string_view bytes);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_IP_ADDRESS_H_
