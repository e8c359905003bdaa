// SPDX-License-Identifier: Apache-2.0

#include "daemon/sent_descriptors.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

#include "base/system_call.h"

// libc's, and what all code of the program calls in their place.
extern "C" {
ssize_t __real_recvmsg(int socket, msghdr* message, int flags);
ssize_t __wrap_recvmsg(int socket, msghdr* message, int flags);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
}

namespace toolboxd {
namespace {

// No call takes as long that does not wait. It is repeated, in case the first signal comes before
// the wait.
constexpr long kLongestWaitNs = 1'000'000;

// SO_PASSRIGHTS of Linux 6.16, which Debian 12's headers do not have.
constexpr int kPassRights = 83;

std::atomic<bool> g_limits{false};

// Nothing to do: that the signal comes ends the wait.
void Ignore(int /*signal*/) {}

// One for each thread that needs one. By the kernel's calls: glibc before 2.34 has its own in a
// library apart.
class Timer {
 public:
  Timer() {
    sigevent event = {};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGURG;
    event._sigev_un._tid = static_cast<pid_t>(SystemCall(SYS_gettid));
    exists_ = SystemCall(SYS_timer_create, CLOCK_MONOTONIC, Address(&event), Address(&timer_)) == 0;
  }
  ~Timer() {
    if (exists_) SystemCall(SYS_timer_delete, timer_);
    exists_ = false;
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void Set(long ns) const {
    const itimerspec every = {{0, ns}, {0, ns}};
    if (exists_) SystemCall(SYS_timer_settime, timer_, 0, Address(&every), 0);
  }

 private:
  // As the kernel numbers it.
  int timer_ = 0;
  bool exists_;
};

// While it exists, a wait of this thread's in the kernel ends early. Leaves errno as it is.
class WaitLimit {
 public:
  WaitLimit() : timer_(OfThread()) { timer_.Set(kLongestWaitNs); }
  ~WaitLimit() { timer_.Set(0); }
  WaitLimit(const WaitLimit&) = delete;
  WaitLimit& operator=(const WaitLimit&) = delete;

 private:
  static const Timer& OfThread() {
    thread_local const Timer timer;
    return timer;
  }

  const Timer& timer_;
};

bool IsUnixSocket(int fd) {
  const int error = errno;
  int domain = 0;
  socklen_t size = sizeof domain;
  const bool is = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
  errno = error;
  return is;
}

ssize_t Receive(int socket, msghdr* message, int flags) {
  const bool wants_none = message->msg_control == nullptr;
  ssize_t got;
  {
    const WaitLimit limit;
    got = __real_recvmsg(socket, message, flags);
  }
  if (got < 0 || !wants_none || (message->msg_flags & MSG_CTRUNC) == 0) return got;
  errno = ECONNRESET;
  return -1;
}

int Close(int fd) {
  const WaitLimit limit;
  return __real_close(fd);
}

}  // namespace

void LimitSentDescriptors() {
  struct sigaction action = {};
  action.sa_handler = Ignore;
  action.sa_flags = SA_RESTART;
  sigaction(SIGURG, &action, nullptr);
  g_limits.store(true, std::memory_order_relaxed);
}

void RefuseSentDescriptors(int socket) {
  const int off = 0;
  setsockopt(socket, SOL_SOCKET, kPassRights, &off, sizeof off);
}

ssize_t ReceiveBytes(int socket, void* bytes, size_t size) {
  iovec part = {bytes, size};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  return recvmsg(socket, &message, MSG_DONTWAIT);
}

}  // namespace toolboxd

ssize_t __wrap_recvmsg(int socket, msghdr* message, int flags) {
  if (!toolboxd::g_limits.load(std::memory_order_relaxed)) {
    return __real_recvmsg(socket, message, flags);
  }
  return toolboxd::Receive(socket, message, flags);
}

int __wrap_close(int fd) {
  if (!toolboxd::g_limits.load(std::memory_order_relaxed) || !toolboxd::IsUnixSocket(fd)) {
    return __real_close(fd);
  }
  return toolboxd::Close(fd);
}

int __wrap_socket(int domain, int type, int protocol) {
  const int fd = __real_socket(domain, type, protocol);
  if (fd >= 0 && domain == AF_UNIX && toolboxd::g_limits.load(std::memory_order_relaxed)) {
    toolboxd::RefuseSentDescriptors(fd);
  }
  return fd;
}
