// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/host_port.h"

// What was read means the same when it is read again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const std::optional<toolboxd::HostPort> first = toolboxd::ParseHostPort(text);
  if (!first) return 0;
  for (const char c : first->host) {
    if (absl::ascii_isspace(static_cast<unsigned char>(c)) ||
        absl::ascii_iscntrl(static_cast<unsigned char>(c)))
      abort();
  }
  const bool is_v6 = absl::StrContains(first->host, ':');
  const std::string again =
      absl::StrCat(is_v6 ? "[" : "", first->host, is_v6 ? "]" : "", ":", first->port);
  const std::optional<toolboxd::HostPort> second = toolboxd::ParseHostPort(again);
  if (!second || first->host.empty() || second->host != first->host || first->port == 0 ||
      second->port != first->port) {
    abort();
  }
  return 0;
}
