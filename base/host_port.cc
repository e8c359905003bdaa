// SPDX-License-Identifier: Apache-2.0

#include "base/host_port.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace toolboxd {
namespace {

bool IsBlankOrControl(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7f;
}

// The host without its brackets; empty if it is not valid.
absl::string_view Unbracket(absl::string_view host) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const bool has_colon = host.find(':') != absl::string_view::npos;
  if (bracketed != has_colon || host.find_first_of("[]") != absl::string_view::npos ||
      std::any_of(host.begin(), host.end(), IsBlankOrControl)) {
    return {};
  }
  return host;
}

}  // namespace

std::optional<HostAndPortText> SplitHostPort(absl::string_view text) {
  text = absl::StripAsciiWhitespace(text);
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  const HostAndPortText split{Unbracket(text.substr(0, colon)), text.substr(colon + 1)};
  if (split.host.empty() || split.port.empty()) return std::nullopt;
  return split;
}

std::optional<uint16_t> ParsePort(absl::string_view text) {
  if (text.empty() || text.size() > 5) return std::nullopt;
  uint32_t port = 0;
  for (const char c : text) {
    if (!absl::ascii_isdigit(c)) return std::nullopt;
    port = port * 10 + (c - '0');
  }
  if (port < 1 || port > 65535) return std::nullopt;
  return static_cast<uint16_t>(port);
}

std::optional<HostPort> ParseHostPort(absl::string_view text) {
  const std::optional<HostAndPortText> split = SplitHostPort(text);
  if (!split) return std::nullopt;
  const std::optional<uint16_t> port = ParsePort(split->port);
  if (!port) return std::nullopt;
  return HostPort{split->host, *port};
}

}  // namespace toolboxd
