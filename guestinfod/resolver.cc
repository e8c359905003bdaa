// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/resolver.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/ip_address.h"
#include "base/utf8.h"
#include "guestinfod/text.h"

namespace toolboxd::guestinfod {
namespace {

constexpr int kMaxServers = 16;
constexpr int kMaxSuffixes = 10;
constexpr size_t kMaxName = 255;
constexpr size_t kMaxFile = 64 * 1024;

// The canonical text of an address without its scope; empty if it is not a valid one.
std::string CanonicalAddress(absl::string_view text) {
  const std::optional<std::string> bytes = ParseIpAddress(text.substr(0, text.find('%')));
  return bytes ? IpAddressText(*bytes) : std::string();
}

absl::string_view WithoutComment(absl::string_view line) {
  return absl::StripAsciiWhitespace(line.substr(0, line.find_first_of("#;")));
}

}  // namespace

v1::DnsConfiguration ParseResolvConf(absl::string_view text) {
  v1::DnsConfiguration dns;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::vector<absl::string_view> fields = Fields(WithoutComment(line));
    if (fields.size() < 2) continue;
    if (fields[0] == "nameserver") {
      std::string address = CanonicalAddress(fields[1]);
      if (!address.empty() && dns.servers_size() < kMaxServers) {
        dns.add_servers(std::move(address));
      }
    } else if (fields[0] == "domain" || fields[0] == "search") {
      dns.clear_search_suffixes();
      for (size_t i = 1; i < fields.size() && dns.search_suffixes_size() < kMaxSuffixes; ++i) {
        if (fields[i].size() <= kMaxName && fields[i] != ".") {
          dns.add_search_suffixes(PrintableUtf8(std::string(fields[i])));
        }
      }
      dns.set_domain_name(dns.search_suffixes_size() > 0 ? dns.search_suffixes(0) : "");
    }
  }
  return dns;
}

bool IsStub(const v1::DnsConfiguration& dns) {
  const auto is_resolved = [](const std::string& server) {
    return server == "127.0.0.53" || server == "127.0.0.54";
  };
  return dns.servers_size() > 0 &&
         std::all_of(dns.servers().begin(), dns.servers().end(), is_resolved);
}

std::string FullHostName(absl::string_view hosts, absl::string_view host_name) {
  const std::string prefix = absl::StrCat(host_name, ".");
  if (!host_name.empty() && !absl::StrContains(host_name, ".")) {
    for (absl::string_view line : absl::StrSplit(hosts, '\n')) {
      const std::vector<absl::string_view> fields = Fields(WithoutComment(line));
      for (size_t i = 1; i < fields.size(); ++i) {
        if (absl::StartsWith(fields[i], prefix) && fields[i].size() > prefix.size() &&
            fields[i].size() <= kMaxName && fields[i] != absl::StrCat(prefix, "localdomain")) {
          return PrintableUtf8(std::string(fields[i]));
        }
      }
    }
  }
  return PrintableUtf8(std::string(host_name));
}

v1::DnsConfiguration ReadDnsConfiguration(const std::string& root,
                                          absl::string_view full_host_name) {
  v1::DnsConfiguration dns = ParseResolvConf(ReadLines(root + "/etc/resolv.conf", kMaxFile));
  if (IsStub(dns)) {
    v1::DnsConfiguration upstream =
        ParseResolvConf(ReadLines(root + "/run/systemd/resolve/resolv.conf", kMaxFile));
    if (upstream.servers_size() > 0) dns = std::move(upstream);
  }
  const std::pair<absl::string_view, absl::string_view> name =
      absl::StrSplit(full_host_name, absl::MaxSplits('.', 1));
  dns.set_host_name(std::string(name.first));
  if (dns.domain_name().empty()) dns.set_domain_name(std::string(name.second));
  return dns;
}

}  // namespace toolboxd::guestinfod
