// SPDX-License-Identifier: Apache-2.0

// The few rtnetlink requests that set up a guest's network.

#ifndef TOOLBOXD_VMXSIM_NETLINK_H_
#define TOOLBOXD_VMXSIM_NETLINK_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::vmxsim {

// A socket in the network namespace in which it was opened. Not thread-safe.
class Netlink {
 public:
  static absl::StatusOr<Netlink> Open();
  Netlink(Netlink&& other) : fd_(other.fd_) { other.fd_ = -1; }
  Netlink& operator=(Netlink&&) = delete;
  ~Netlink();

  // A pair of Ethernet interfaces; the peer is created in the namespace that `peer_namespace`
  // (a descriptor) refers to.
  absl::Status AddVethPair(const std::string& name, absl::string_view mac,
                           const std::string& peer_name, int peer_namespace);
  absl::Status SetUp(const std::string& name);
  // `address` in text, IPv4 or IPv6; without duplicate address detection.
  absl::Status AddAddress(const std::string& name, const std::string& address, int prefix);
  absl::Status AddDefaultRoute(const std::string& gateway);

 private:
  explicit Netlink(int fd) : fd_(fd) {}
  absl::Status Request(const std::string& message, const std::string& what);

  int fd_;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_NETLINK_H_
