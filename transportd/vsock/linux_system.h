// SPDX-License-Identifier: Apache-2.0

// LinuxSystem: this kernel's AF_VSOCK.

#ifndef TOOLBOXD_TRANSPORTD_VSOCK_LINUX_SYSTEM_H_
#define TOOLBOXD_TRANSPORTD_VSOCK_LINUX_SYSTEM_H_

#include "transportd/vsock/system.h"

namespace toolboxd::vsock {

// Stateless. Tests override what opens and connects AF_VSOCK, and use the rest.
class LinuxSystem : public System {
 public:
  int Socket() override;
  int Bind(int fd, uint32_t port) override;
  int Connect(int fd, uint32_t port) override;
  int ConnectResult(int fd) override;
  ssize_t Send(int fd, absl::string_view first, absl::string_view second) override;
  ssize_t Receive(int fd, char* bytes, size_t size) override;
  bool Wait(int fd, short events, absl::Time deadline) override;
  void Close(int fd) override;
  absl::Time Now() override;
};

}  // namespace toolboxd::vsock

#endif  // TOOLBOXD_TRANSPORTD_VSOCK_LINUX_SYSTEM_H_
