// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/ip_address.h"
#include "guestinfod/resolver.h"

// resolv.conf, and the same text as a hosts file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toolboxd;  // NOLINT: the header's functions only.
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const v1::DnsConfiguration dns = guestinfod::ParseResolvConf(text);
  if (dns.servers_size() > 16 || dns.search_suffixes_size() > 10) abort();
  for (const std::string& server : dns.servers()) {
    const auto bytes = ParseIpAddress(server);
    if (!bytes || IpAddressText(*bytes) != server) abort();
  }
  guestinfod::IsStub(dns);
  if (guestinfod::FullHostName(text, "guest").empty()) abort();
  return 0;
}
