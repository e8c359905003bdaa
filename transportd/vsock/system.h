// SPDX-License-Identifier: Apache-2.0

// System: the system calls of a vsock channel.

#ifndef TOOLBOXD_TRANSPORTD_VSOCK_SYSTEM_H_
#define TOOLBOXD_TRANSPORTD_VSOCK_SYSTEM_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace toolboxd::vsock {

// Ports of the hypervisor, which is CID 0 (docs/protocol/transport.md 1.6).
inline constexpr uint32_t kRpciPort = 976;
inline constexpr uint32_t kTcloPort = 975;
// Binding to this port or a lower one needs CAP_NET_BIND_SERVICE.
inline constexpr uint32_t kLastPrivilegedPort = 1023;

// Integers returned are results, or negative error numbers. Nothing here waits, except Wait().
class System {
 public:
  virtual ~System() = default;

  // A new stream socket of the family, which no program inherits.
  virtual int Socket() = 0;
  // Binds to a port of this machine.
  virtual int Bind(int fd, uint32_t port) = 0;
  // Connects to the hypervisor. -EINPROGRESS: ConnectResult() has the result later.
  virtual int Connect(int fd, uint32_t port) = 0;
  // 0, -EINPROGRESS as long as there is no result, or why there is no connection.
  virtual int ConnectResult(int fd) = 0;
  // The bytes of both that were taken. No signal if the other end has left.
  virtual ssize_t Send(int fd, absl::string_view first, absl::string_view second) = 0;
  // The bytes received, at most `size`; 0 if the other end has left.
  virtual ssize_t Receive(int fd, char* bytes, size_t size) = 0;
  // For events of poll(2), until a time of Now(). True if there is one. Without a descriptor (-1)
  // until that time.
  virtual bool Wait(int fd, short events, absl::Time deadline) = 0;
  virtual void Close(int fd) = 0;

  // A steady clock.
  virtual absl::Time Now() = 0;
};

}  // namespace toolboxd::vsock

#endif  // TOOLBOXD_TRANSPORTD_VSOCK_SYSTEM_H_
