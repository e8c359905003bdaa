// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/interfaces.h"

#include <fnmatch.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "guestinfod/interface_addresses.h"

namespace toolboxd::guestinfod {
namespace {

constexpr size_t kMaxInterfaces = 16;
// VLAN on a bridge of VLANs on a bond.
constexpr int kMaxStack = 4;

// Kinds that are one with the link that they are on, and with their members.
constexpr absl::string_view kOnALink[] = {"vlan",   "macvlan", "macvtap",
                                          "ipvlan", "ipvtap",  "macsec"};
constexpr absl::string_view kOfMembers[] = {"bond", "team", "bridge"};

template <size_t n>
bool Contains(const absl::string_view (&list)[n], absl::string_view value) {
  return std::find(std::begin(list), std::end(list), value) != std::end(list);
}

// Position of the first pattern that matches; the number of patterns if none does.
size_t MatchPosition(const std::vector<std::string>& patterns, const std::string& name) {
  size_t i = 0;
  while (i < patterns.size() && fnmatch(patterns[i].c_str(), name.c_str(), 0) != 0) ++i;
  return i;
}

bool Matches(const std::vector<std::string>& patterns, const std::string& name) {
  return MatchPosition(patterns, name) < patterns.size();
}

// The indices of the links that are devices or made of devices.
std::set<int32_t> HardwareOf(const std::vector<const Link*>& links, const IsDevice& is_device) {
  std::set<int32_t> hardware;
  std::unordered_map<int32_t, const Link*> by_index;
  for (const Link* link : links) {
    by_index.emplace(link->index, link);
    if (is_device(link->name)) hardware.insert(link->index);
  }
  for (int level = 0; level < kMaxStack; ++level) {
    const size_t before = hardware.size();
    for (const Link* link : links) {
      if (Contains(kOnALink, link->kind) && hardware.count(link->lower) > 0) {
        hardware.insert(link->index);
      }
      const auto master = by_index.find(link->master);
      if (master != by_index.end() && Contains(kOfMembers, master->second->kind) &&
          hardware.count(link->index) > 0) {
        hardware.insert(link->master);
      }
    }
    if (hardware.size() == before) break;
  }
  return hardware;
}

}  // namespace

NetworkOptions DefaultNetworkOptions() {
  NetworkOptions options;
  options.excluded = {"docker*", "veth*", "virbr*", "antrea-*", "cali*"};
  options.last = {"cni*",   "br-*",          "kube*",    "flannel*", "cilium*",
                  "weave*", "nodelocaldns*", "vnet*",    "lxc*",     "lxd*",
                  "incus*", "podman*",       "nerdctl*", "tap*",     "tun*",
                  "ovs-*",  "genev_sys*",    "vxlan*",   "zt*"};
  return options;
}

bool IsReportable(const Link& link, const NetworkOptions& options) {
  return link.type == ARPHRD_ETHER && link.hardware_address.size() == 6 &&
         (link.flags & IFF_LOOPBACK) == 0 && !Matches(options.excluded, link.name);
}

std::vector<Interface> SelectInterfaces(const NetworkState& state, const NetworkOptions& options,
                                        const IsDevice& is_device) {
  std::vector<const Link*> links;
  for (const Link& link : state.links) {
    if (IsReportable(link, options)) links.push_back(&link);
  }
  const std::set<int32_t> hardware = HardwareOf(links, is_device);
  std::map<int32_t, std::vector<const Address*>> addresses;
  for (const Address& address : state.addresses) addresses[address.index].push_back(&address);

  std::vector<Interface> interfaces;
  for (const Link* link : links) {
    const bool is_up = (link->flags & IFF_UP) != 0;
    Interface interface = {.link = link,
                           .addresses = {},
                           .is_preferred = Matches(options.preferred, link->name),
                           .is_hardware = hardware.count(link->index) > 0,
                           .is_last = Matches(options.last, link->name),
                           .is_running = is_up && (link->flags & IFF_RUNNING) != 0};
    if (is_up) interface.addresses = std::move(addresses[link->index]);
    if (interface.addresses.empty() && !interface.is_hardware) continue;
    SortAddresses(*link, interface.addresses);
    interfaces.push_back(std::move(interface));
  }

  const auto rank = [&options](const Interface& interface) {
    const int kind = interface.is_last             ? 3
                     : !interface.is_hardware      ? 2
                     : interface.addresses.empty() ? 1
                                                   : 0;
    return std::tuple(MatchPosition(options.preferred, interface.link->name), kind,
                      interface.link->index);
  };
  std::sort(interfaces.begin(), interfaces.end(),
            [&rank](const Interface& a, const Interface& b) { return rank(a) < rank(b); });
  if (interfaces.size() > kMaxInterfaces) interfaces.resize(kMaxInterfaces);
  return interfaces;
}

bool IsDeviceInSysfs(const std::string& root, const std::string& name) {
  return !absl::StrContains(name, "/") &&
         access(absl::StrCat(root, "/sys/class/net/", name, "/device").c_str(), F_OK) == 0;
}

}  // namespace toolboxd::guestinfod
