// SPDX-License-Identifier: Apache-2.0

#include "base/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

namespace toolboxd {

std::optional<std::string> ParseIpAddress(absl::string_view text) {
  // inet_pton(3) would ignore what follows a NUL.
  if (text.size() >= INET6_ADDRSTRLEN || text.find('\0') != text.npos) return std::nullopt;
  const std::string terminated(text);
  std::string bytes(sizeof(in_addr), '\0');
  if (inet_pton(AF_INET, terminated.c_str(), bytes.data()) == 1) return bytes;
  bytes.resize(sizeof(in6_addr));
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

std::string IpAddressText(absl::string_view bytes) {
  if (bytes.size() != sizeof(in_addr) && bytes.size() != sizeof(in6_addr)) return "";
  char text[INET6_ADDRSTRLEN] = "";
  const int family = bytes.size() == sizeof(in_addr) ? AF_INET : AF_INET6;
  inet_ntop(family, bytes.data(), text, sizeof(text));
  return text;
}

}  // namespace toolboxd
