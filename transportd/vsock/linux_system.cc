// SPDX-License-Identifier: Apache-2.0

#include "transportd/vsock/linux_system.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
// After sys/socket.h, which it needs.
#include <linux/vm_sockets.h>

#include <algorithm>

#include "base/steady_time.h"
#include "transportd/vsock/data_map.h"

namespace toolboxd::vsock {
namespace {

sockaddr_vm Address(uint32_t cid, uint32_t port) {
  sockaddr_vm address = {};
  address.svm_family = AF_VSOCK;
  address.svm_cid = cid;
  address.svm_port = port;
  return address;
}

// A whole message fits. The kernel's default is larger; where it cannot be asked, it stays.
void RaiseBuffer(int fd) {
  constexpr uint64_t kEnough = 2 * kMaxPayload;
  uint64_t bytes = 0;
  socklen_t size = sizeof bytes;
  if (getsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &bytes, &size) != 0) return;
  if (bytes >= kEnough) return;
  (void)setsockopt(fd, AF_VSOCK, SO_VM_SOCKETS_BUFFER_SIZE, &kEnough, sizeof kEnough);
}

}  // namespace

int LinuxSystem::Socket() {
  const int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  RaiseBuffer(fd);
  return fd;
}

int LinuxSystem::Bind(int fd, uint32_t port) {
  const sockaddr_vm address = Address(VMADDR_CID_ANY, port);
  return bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : -errno;
}

int LinuxSystem::Connect(int fd, uint32_t port) {
  const sockaddr_vm address = Address(VMADDR_CID_HYPERVISOR, port);
  return connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : -errno;
}

int LinuxSystem::ConnectResult(int fd) {
  if (!Wait(fd, POLLOUT, absl::InfinitePast())) return -EINPROGRESS;
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return -errno;
  return -error;
}

ssize_t LinuxSystem::Send(int fd, absl::string_view first, absl::string_view second) {
  iovec parts[] = {{const_cast<char*>(first.data()), first.size()},
                   {const_cast<char*>(second.data()), second.size()}};
  msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  const ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent >= 0 ? sent : -errno;
}

ssize_t LinuxSystem::Receive(int fd, char* bytes, size_t size) {
  const ssize_t got = recv(fd, bytes, size, MSG_DONTWAIT);
  return got >= 0 ? got : -errno;
}

bool LinuxSystem::Wait(int fd, short events, absl::Time deadline) {
  pollfd item = {fd, events, 0};
  for (;;) {
    // The bound keeps the conversion to timespec in range.
    const absl::Duration rest =
        std::clamp(deadline - Now(), absl::ZeroDuration(), absl::Duration(absl::Hours(1)));
    const timespec timeout = absl::ToTimespec(rest);
    if (ppoll(&item, 1, &timeout, nullptr) > 0) return true;
    if (Now() >= deadline) return false;
  }
}

void LinuxSystem::Close(int fd) { close(fd); }

absl::Time LinuxSystem::Now() { return SteadyNow(); }

}  // namespace toolboxd::vsock
