// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/vsock_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/vm_sockets.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/status.h"

namespace toolboxd::vmxsim {
namespace {

// "vSoc": a socket that a guest takes for AF_VSOCK.
constexpr uint32_t kMark = 0x76536F63;
// Smaller than any buffer that the kernel gives.
constexpr int kSmallBuffer = 1;
// The buffer size in an answer where the kernel's own would say as much.
constexpr uint64_t kBufferSize = 256 << 10;
constexpr CallAnswer kLetRun = {.let_run = true};

CallAnswer Failed(int error) { return {.error = error}; }

bool IsVsock(int socket) {
  uint32_t mark = 0;
  socklen_t size = sizeof(mark);
  int domain = 0;
  socklen_t domain_size = sizeof(domain);
  return getsockopt(socket, SOL_SOCKET, SO_INCOMING_CPU, &mark, &size) == 0 && mark == kMark &&
         getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &domain_size) == 0 && domain == AF_UNIX;
}

// The guest's socket that is the call's first argument; none: it is not one of these.
UniqueFd GuestSocket(pid_t tid, const seccomp_data& call) {
  UniqueFd socket = DuplicateDescriptor(tid, static_cast<int>(call.args[0]));
  if (socket.ok() && !IsVsock(socket.get())) socket.reset();
  return socket;
}

// Whether the call's address is one of AF_VSOCK, and which. A shorter one is for the kernel.
bool ReadAddress(pid_t tid, const seccomp_data& call, sockaddr_vm& address) {
  return call.args[2] >= sizeof(address) && ReadValue(tid, call.args[1], address) &&
         address.svm_family == AF_VSOCK;
}

// Writes what fits of `value` and its size, as calls do that return one in memory.
CallAnswer WriteBack(pid_t tid, uint64_t address, uint64_t size_address, absl::string_view value) {
  int size = 0;
  if (!ReadValue(tid, size_address, size)) return Failed(EFAULT);
  if (size < 0) return Failed(EINVAL);
  const size_t count = std::min(static_cast<size_t>(size), value.size());
  const int whole = static_cast<int>(value.size());
  const absl::string_view bytes(reinterpret_cast<const char*>(&whole), sizeof(whole));
  if (!WriteMemory(tid, address, value.substr(0, count)) ||
      !WriteMemory(tid, size_address, bytes)) {
    return Failed(EFAULT);
  }
  return {};
}

template <typename T>
absl::string_view BytesOf(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

// Fills a stream until it takes no more: its writer waits until that much was read.
size_t Fill(int socket) {
  constexpr char kFiller[4096] = {};
  size_t size = 0;
  for (;;) {
    const ssize_t count = send(socket, kFiller, sizeof(kFiller), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count <= 0) return size;
    size += static_cast<size_t>(count);
  }
}

}  // namespace

absl::StatusOr<VsockCalls> VsockCalls::Create(VsockHost* host,
                                              std::function<absl::Time(pid_t)> exec_time) {
  VsockCalls calls;
  calls.host_ = host;
  calls.exec_time_ = std::move(exec_time);
  calls.prefix_ = absl::StrCat("vmxsim-vsock-", getpid(), "-", std::random_device()(), "-");
  for (const uint32_t port : {kVsockRpciPort, kVsockTcloPort}) {
    UniqueFd& listener = port == kVsockRpciPort ? calls.rpci_listener_ : calls.tclo_listener_;
    listener = UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    socklen_t size = 0;
    const sockaddr_un name = calls.NameOf("host", port, &size);
    if (!listener.ok() ||
        bind(listener.get(), reinterpret_cast<const sockaddr*>(&name), size) != 0 ||
        listen(listener.get(), SOMAXCONN) != 0) {
      return ErrnoError(errno, "the sockets of vsock");
    }
  }
  return calls;
}

sockaddr_un VsockCalls::NameOf(absl::string_view side, uint32_t port, socklen_t* size) const {
  // A leading NUL: in the abstract namespace.
  sockaddr_un name = {};
  name.sun_family = AF_UNIX;
  const std::string text = absl::StrCat(prefix_, side, "-", port);
  memcpy(name.sun_path + 1, text.data(), text.size());
  *size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + text.size());
  return name;
}

uint32_t VsockCalls::PortIn(const sockaddr_un& name, socklen_t size) const {
  constexpr socklen_t kHead = offsetof(sockaddr_un, sun_path) + 1;
  if (size <= kHead) return 0;
  absl::string_view text(name.sun_path + 1, size - kHead);
  uint32_t port = 0;
  if (!absl::ConsumePrefix(&text, prefix_)) return 0;
  text.remove_prefix(std::min(text.size(), text.find('-') + 1));
  return absl::SimpleAtoi(text, &port) ? port : 0;
}

uint32_t VsockCalls::BoundPort(int socket) const {
  sockaddr_un name = {};
  socklen_t size = sizeof(name);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&name), &size) != 0) return 0;
  return PortIn(name, size);
}

CallAnswer VsockCalls::Play(int listener, const seccomp_notif& question, bool waited,
                            absl::Time* later) {
  const seccomp_data& call = question.data;
  const pid_t tid = static_cast<pid_t>(question.pid);
  switch (call.nr) {
    case SYS_socket:
      return Socket(listener, question);
    case SYS_bind:
      return Bind(tid, call);
    case SYS_connect:
      return Connect(tid, call, waited, later);
    case SYS_getsockname:
      return Name(tid, call, /*peer=*/false);
    case SYS_getpeername:
      return Name(tid, call, /*peer=*/true);
    case SYS_setsockopt:
      return SetOption(tid, call);
    case SYS_getsockopt:
      return GetOption(tid, call);
    case SYS_ioctl:
      return LocalCid(tid, call);
    default:
      return Failed(ENOSYS);
  }
}

CallAnswer VsockCalls::Socket(int listener, const seccomp_notif& question) {
  const int flags = static_cast<int>(question.data.args[1]) & (SOCK_CLOEXEC | SOCK_NONBLOCK);
  const int type = static_cast<int>(question.data.args[1]) & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
  const uint64_t protocol = question.data.args[2];
  if (question.data.args[0] != AF_VSOCK) return Failed(EAFNOSUPPORT);
  if (protocol != 0 && protocol != PF_VSOCK) return Failed(EPROTONOSUPPORT);
  // A datagram socket exists, as with VMCI, and reaches nothing.
  if (type != SOCK_STREAM && type != SOCK_DGRAM) return Failed(ESOCKTNOSUPPORT);
  const UniqueFd made(socket(AF_UNIX, type | SOCK_CLOEXEC | (flags & SOCK_NONBLOCK), 0));
  if (!made.ok() ||
      setsockopt(made.get(), SOL_SOCKET, SO_INCOMING_CPU, &kMark, sizeof(kMark)) != 0) {
    return Failed(errno);
  }
  if (host_->settings().split() > 0) {
    setsockopt(made.get(), SOL_SOCKET, SO_SNDBUF, &kSmallBuffer, sizeof(kSmallBuffer));
  }
  seccomp_notif_addfd added = {};
  added.id = question.id;
  added.flags = SECCOMP_ADDFD_FLAG_SEND;
  added.srcfd = static_cast<uint32_t>(made.get());
  added.newfd_flags = flags & SOCK_CLOEXEC ? O_CLOEXEC : 0;
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &added) < 0) return Failed(errno);
  return {.answered = true};
}

int VsockCalls::BindTo(int socket, uint32_t port) {
  socklen_t size = 0;
  const sockaddr_un name = NameOf("guest", port, &size);
  return bind(socket, reinterpret_cast<const sockaddr*>(&name), size) == 0 ? 0 : errno;
}

int VsockCalls::BindAny(int socket) {
  int error = EADDRINUSE;
  for (int attempt = 0; attempt < 1000 && error == EADDRINUSE; ++attempt) {
    if (next_port_ > kMaxVsockPort) next_port_ = kVsockLastPrivilegedPort + 1;
    error = BindTo(socket, next_port_++);
  }
  return error;
}

CallAnswer VsockCalls::Bind(pid_t tid, const seccomp_data& call) {
  sockaddr_vm address = {};
  if (!ReadAddress(tid, call, address)) return kLetRun;
  const UniqueFd socket = GuestSocket(tid, call);
  if (!socket.ok()) return kLetRun;
  const uint32_t port = address.svm_port;
  if (address.svm_cid != VMADDR_CID_ANY && address.svm_cid != kVsockGuestCid) {
    return Failed(EADDRNOTAVAIL);
  }
  if (BoundPort(socket.get()) != 0) return Failed(EINVAL);
  if (port == VMADDR_PORT_ANY) return Failed(BindAny(socket.get()));
  if (port == 0 || port > kMaxVsockPort) return Failed(EADDRNOTAVAIL);
  if (port <= kVsockLastPrivilegedPort &&
      !(HasCapability(tid, CAP_NET_BIND_SERVICE) && IsInOwnUserNamespace(tid))) {
    return Failed(EACCES);
  }
  if (host_->settings().Busy(port)) return Failed(EADDRINUSE);
  return Failed(BindTo(socket.get(), port));
}

UniqueFd VsockCalls::ConnectToHost(int socket, uint32_t port) {
  const bool is_tclo = port == kVsockTcloPort;
  const UniqueFd& listener = is_tclo ? tclo_listener_ : rpci_listener_;
  socklen_t size = 0;
  const sockaddr_un name = NameOf("host", is_tclo ? kVsockTcloPort : kVsockRpciPort, &size);
  if (connect(socket, reinterpret_cast<const sockaddr*>(&name), size) != 0) return UniqueFd();
  for (;;) {
    UniqueFd accepted(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!accepted.ok()) return accepted;
    // The other end is of the process that made the connection: of vmxsim, not of a passer-by.
    ucred peer = {};
    socklen_t peer_size = sizeof(peer);
    if (getsockopt(accepted.get(), SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) == 0 &&
        peer.pid == getpid()) {
      return accepted;
    }
  }
}

CallAnswer VsockCalls::Connect(pid_t tid, const seccomp_data& call, bool waited,
                               absl::Time* later) {
  sockaddr_vm address = {};
  if (!ReadAddress(tid, call, address)) return kLetRun;
  const UniqueFd socket = GuestSocket(tid, call);
  if (!socket.ok()) return kLetRun;
  const bool waits = (fcntl(socket.get(), F_GETFL) & O_NONBLOCK) == 0;
  const absl::Duration delay = host_->settings().delay();
  if (waits && !waited && delay > absl::ZeroDuration()) {
    *later = absl::Now() + delay;
    return {};
  }
  sockaddr_un peer = {};
  socklen_t size = sizeof(peer);
  if (getpeername(socket.get(), reinterpret_cast<sockaddr*>(&peer), &size) == 0) {
    return Failed(host_->Connecting(BoundPort(socket.get())) ? EALREADY : EISCONN);
  }
  if (BoundPort(socket.get()) == 0) {
    if (const int error = BindAny(socket.get()); error != 0) return Failed(error);
  }
  const int refusal = host_->Admit(address.svm_cid, address.svm_port);
  // Only this one can follow a call that did not wait.
  if (refusal != 0 && (waits || refusal != ECONNRESET)) return Failed(refusal);

  VsockConnect connect;
  connect.socket = ConnectToHost(socket.get(), address.svm_port);
  if (!connect.socket.ok()) return Failed(errno);
  if (refusal != 0 || !waits) connect.due = absl::Now() + delay;
  connect.refused = refusal != 0;
  connect.host_port = address.svm_port;
  connect.guest_port = BoundPort(socket.get());
  connect.exec = exec_time_(tid);
  if (connect.refused || (!waits && delay > absl::ZeroDuration())) {
    connect.filler = Fill(socket.get());
  }
  host_->Connect(std::move(connect));
  return Failed(waits ? 0 : EINPROGRESS);
}

CallAnswer VsockCalls::Name(pid_t tid, const seccomp_data& call, bool peer) {
  const UniqueFd socket = GuestSocket(tid, call);
  if (!socket.ok()) return kLetRun;
  sockaddr_vm address = {};
  address.svm_family = AF_VSOCK;
  sockaddr_un name = {};
  socklen_t size = sizeof(name);
  const bool connected = getpeername(socket.get(), reinterpret_cast<sockaddr*>(&name), &size) == 0;
  if (peer) {
    if (!connected) return Failed(ENOTCONN);
    address.svm_cid = kVsockHostCid;
    address.svm_port = PortIn(name, size);
  } else {
    const uint32_t port = BoundPort(socket.get());
    address.svm_port = port == 0 ? VMADDR_PORT_ANY : port;
    address.svm_cid = connected ? kVsockGuestCid : VMADDR_CID_ANY;
  }
  return WriteBack(tid, call.args[1], call.args[2], BytesOf(address));
}

CallAnswer VsockCalls::SetOption(pid_t tid, const seccomp_data& call) {
  const UniqueFd socket = GuestSocket(tid, call);
  if (!socket.ok()) return kLetRun;
  switch (call.args[2]) {
    case SO_VM_SOCKETS_BUFFER_SIZE:
    case SO_VM_SOCKETS_BUFFER_MIN_SIZE:
    case SO_VM_SOCKETS_BUFFER_MAX_SIZE:
    case SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD:
    case SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW:
      return Failed(call.args[4] < sizeof(uint64_t) ? EINVAL : 0);
    default:
      return Failed(ENOPROTOOPT);
  }
}

CallAnswer VsockCalls::GetOption(pid_t tid, const seccomp_data& call) {
  const UniqueFd socket = GuestSocket(tid, call);
  if (!socket.ok()) return kLetRun;
  switch (call.args[2]) {
    case SO_VM_SOCKETS_BUFFER_SIZE:
    case SO_VM_SOCKETS_BUFFER_MIN_SIZE:
    case SO_VM_SOCKETS_BUFFER_MAX_SIZE:
      return WriteBack(tid, call.args[3], call.args[4], BytesOf(kBufferSize));
    default:
      return Failed(ENOPROTOOPT);
  }
}

// On what a guest has in place of /dev/vsock.
CallAnswer VsockCalls::LocalCid(pid_t tid, const seccomp_data& call) {
  const UniqueFd device = DuplicateDescriptor(tid, static_cast<int>(call.args[0]));
  struct stat status = {};
  if (!device.ok() || fstat(device.get(), &status) != 0 || !S_ISCHR(status.st_mode) ||
      status.st_rdev != makedev(1, 3)) {
    return Failed(device.ok() ? ENOTTY : EBADF);
  }
  const uint32_t cid = kVsockGuestCid;
  return Failed(WriteMemory(tid, call.args[2], BytesOf(cid)) ? 0 : EFAULT);
}

}  // namespace toolboxd::vmxsim
