// SPDX-License-Identifier: Apache-2.0

// "HOST:PORT": one reading of it on both sides of a security check.
//
// transportd checks such a text against the policy, and vixd connects to it. Both read it here, so
// they always mean the same host and port. Pure and thread-safe.

#ifndef TOOLBOXD_BASE_HOST_PORT_H_
#define TOOLBOXD_BASE_HOST_PORT_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace toolboxd {

// Views into the text that was split.
struct HostAndPortText {
  // Not empty; without the brackets of an IPv6 address.
  absl::string_view host;
  // What follows the last colon; not empty, otherwise unchecked.
  absl::string_view port;
};

// Views into the text that was parsed.
struct HostPort {
  absl::string_view host;
  // 1 to 65535.
  uint16_t port = 0;
};

// Splits "HOST:PORT" or "[IPV6]:PORT"; ASCII white space around it is ignored. Only an address with
// a colon may be in brackets, and it must be. A host holds no white space and no control
// characters.
std::optional<HostAndPortText> SplitHostPort(absl::string_view text);

// The number of a port: one to five decimal digits, 1 to 65535.
std::optional<uint16_t> ParsePort(absl::string_view text);

// Splits the text and parses its port.
std::optional<HostPort> ParseHostPort(absl::string_view text);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_HOST_PORT_H_
