// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/link_settings.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/ip_address.h"
#include "base/unique_fd.h"
#include "base/utf8.h"
#include "guestinfod/text.h"

namespace toolboxd::guestinfod {
namespace {

constexpr int kMaxServers = 16;
constexpr int kMaxSuffixes = 10;
constexpr size_t kMaxName = 255;
constexpr size_t kMaxFile = 64 * 1024;

std::string ReadUpTo(int fd, size_t max_size) {
  std::string text(max_size, '\0');
  size_t size = 0;
  while (size < max_size) {
    const ssize_t got = read(fd, text.data() + size, max_size - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  // Without a line that this cuts.
  if (size == max_size) text.resize(text.rfind('\n') + 1);
  return text;
}

// A file of systemd-networkd's own folder, which is not root's. Whoever controls it leads this
// process nowhere else: links are not followed, and nothing but a file is read.
std::string ReadState(const std::string& root, absl::string_view folder, uint32_t index) {
  constexpr int kFolder = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  UniqueFd fd(open((root + "/run/systemd").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  for (const absl::string_view name : {absl::string_view("netif"), folder}) {
    if (fd.ok()) fd.reset(openat(fd.get(), std::string(name).c_str(), kFolder));
  }
  if (!fd.ok()) return std::string();
  const UniqueFd file(openat(fd.get(), absl::StrCat(index).c_str(),
                             O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status;
  if (!file.ok() || fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  return ReadUpTo(file.get(), kMaxFile);
}

// KEY=VALUE, one a line.
std::map<std::string, std::string> Assignments(absl::string_view text) {
  std::map<std::string, std::string> values;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(line, absl::MaxSplits('=', 1));
    if (!absl::StartsWith(line, "#")) values[std::string(parts.first)] = std::string(parts.second);
  }
  return values;
}

// ADDRESS[:PORT][%SCOPE][#SERVER NAME]; with a port an IPv6 address is in brackets. Empty if it is
// not a valid one.
std::string ServerAddress(absl::string_view text) {
  text = text.substr(0, text.find_first_of("#%"));
  if (absl::StartsWith(text, "[")) {
    text = text.substr(1, text.find(']') - 1);
  } else if (absl::StrContains(text, ".") && text.find(':') == text.rfind(':')) {
    text = text.substr(0, text.find(':'));
  }
  const std::optional<std::string> bytes = ParseIpAddress(text);
  return bytes ? IpAddressText(*bytes) : std::string();
}

v1::DnsConfiguration Configuration(absl::string_view servers, absl::string_view domains) {
  v1::DnsConfiguration dns;
  for (const absl::string_view server : Fields(servers)) {
    std::string address = ServerAddress(server);
    if (!address.empty() && dns.servers_size() < kMaxServers) dns.add_servers(std::move(address));
  }
  for (const absl::string_view domain : Fields(domains)) {
    // "~example.com" only says which server is asked for such names; no name is completed with it.
    if (absl::StartsWith(domain, "~") || domain == "." || domain.size() > kMaxName) continue;
    if (dns.search_suffixes_size() < kMaxSuffixes) {
      dns.add_search_suffixes(PrintableUtf8(std::string(domain)));
    }
  }
  if (dns.search_suffixes_size() > 0) dns.set_domain_name(dns.search_suffixes(0));
  return dns;
}

bool HasResolved(const std::string& root) {
  return access((root + "/run/systemd/resolve/resolv.conf").c_str(), F_OK) == 0;
}

v1::DnsConfiguration DnsOf(const std::string& root, uint32_t index, const LinkDns& resolved) {
  if (!HasResolved(root)) return v1::DnsConfiguration();
  if (std::optional<v1::DnsConfiguration> dns = ReadManagedDns(root, index)) return *dns;
  const auto found = resolved.find(index);
  return found == resolved.end() ? v1::DnsConfiguration() : found->second;
}

}  // namespace

std::optional<v1::DnsConfiguration> ReadManagedDns(const std::string& root, uint32_t index) {
  auto network = Assignments(ReadState(root, "links", index));
  const std::string& state = network["ADMIN_STATE"];
  if (state.empty() || state == "pending" || state == "initialized" || state == "unmanaged") {
    return std::nullopt;
  }
  return Configuration(network["DNS"], network["DOMAINS"]);
}

bool IsResolvedNeeded(const std::string& root, const v1::GuestInfoSnapshot& snapshot) {
  return HasResolved(root) &&
         std::any_of(snapshot.interfaces().begin(), snapshot.interfaces().end(),
                     [&root](const v1::NetworkInterface& nic) {
                       return !ReadManagedDns(root, nic.index());
                     });
}

std::string LeasedAddress(const std::string& root, uint32_t index) {
  const std::string text = Assignments(ReadState(root, "leases", index))["ADDRESS"];
  const std::optional<std::string> bytes = ParseIpAddress(text);
  return bytes && bytes->size() == 4 ? IpAddressText(*bytes) : std::string();
}

void AddLinkSettings(const std::string& root, const LinkDns& resolved,
                     v1::GuestInfoSnapshot& snapshot) {
  for (v1::NetworkInterface& nic : *snapshot.mutable_interfaces()) {
    v1::DnsConfiguration dns = DnsOf(root, nic.index(), resolved);
    nic.clear_dns();
    if (dns.servers_size() + dns.search_suffixes_size() > 0) *nic.mutable_dns() = std::move(dns);
    const std::string leased = LeasedAddress(root, nic.index());
    for (v1::InterfaceAddress& address : *nic.mutable_addresses()) {
      if (leased.empty() || address.address() != leased) continue;
      address.set_origin(v1::InterfaceAddress::DHCP);
      nic.set_dhcp4(true);
    }
  }
}

}  // namespace toolboxd::guestinfod
