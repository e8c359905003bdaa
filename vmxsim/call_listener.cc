// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/call_listener.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "base/status.h"
#include "vmxsim/clock_calls.h"

namespace toolboxd::vmxsim {
namespace {

bool IsClockCall(int number) {
  return number == SYS_settimeofday || number == SYS_clock_settime || number == SYS_adjtimex ||
         number == SYS_clock_adjtime;
}

// A message of one byte with one descriptor.
struct Envelope {
  char byte = 0;
  iovec part = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};

  Envelope() {
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof(control);
  }
  // For sending.
  cmsghdr* Header() {
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    return header;
  }
};

}  // namespace

absl::Status SendListener(UniqueFd listener, UniqueFd socket) {
  Envelope envelope;
  const int fd = listener.get();
  memcpy(CMSG_DATA(envelope.Header()), &fd, sizeof(fd));
  if (sendmsg(socket.get(), &envelope.message, MSG_NOSIGNAL) == 1) return absl::OkStatus();
  return ErrnoError(errno, "passing the descriptor of the guest's calls");
}

CallListener::CallListener(Vmx* vmx, VsockCalls* vsock, UniqueFd socket)
    : vmx_(*vmx),
      vsock_(vsock),
      socket_(std::move(socket)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { Run(); }) {}

CallListener::~CallListener() {
  stopping_ = true;
  eventfd_write(wake_.get(), 1);
  thread_.join();
}

void CallListener::Add(UniqueFd listener) {
  {
    absl::MutexLock lock(&mutex_);
    added_.push_back(std::move(listener));
  }
  eventfd_write(wake_.get(), 1);
}

void CallListener::TakeAdded() {
  eventfd_t count;
  eventfd_read(wake_.get(), &count);
  absl::MutexLock lock(&mutex_);
  std::move(added_.begin(), added_.end(), std::back_inserter(listeners_));
  added_.clear();
}

// What the guest's first process sends; it ends without, if it cannot start.
void CallListener::ReceiveFirst() {
  Envelope envelope;
  const bool received = recvmsg(socket_.get(), &envelope.message, MSG_CMSG_CLOEXEC) == 1;
  socket_.reset();
  if (!received) return;
  const cmsghdr* const header = CMSG_FIRSTHDR(&envelope.message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return;
  int fd = -1;
  memcpy(&fd, CMSG_DATA(header), sizeof(fd));
  listeners_.emplace_back(fd);
}

void CallListener::Run() {
  while (!stopping_) {
    std::vector<pollfd> waiting = {{wake_.get(), POLLIN, 0}, {socket_.get(), POLLIN, 0}};
    for (const UniqueFd& listener : listeners_) waiting.push_back({listener.get(), POLLIN, 0});
    absl::Time next = absl::InfiniteFuture();
    for (const Waiting& call : waiting_) next = std::min(next, call.due);
    const timespec timeout = absl::ToTimespec(std::max(next - absl::Now(), absl::ZeroDuration()));
    if (ppoll(waiting.data(), waiting.size(), next == absl::InfiniteFuture() ? nullptr : &timeout,
              nullptr) < 0) {
      continue;
    }
    ServeWaiting();
    for (size_t i = 2; i < waiting.size(); ++i) {
      if (waiting[i].revents & POLLIN) Receive(waiting[i].fd);
    }
    RemoveEnded(waiting);
    if (waiting[1].revents != 0) ReceiveFirst();
    if (waiting[0].revents != 0) TakeAdded();
  }
}

// Removes the filters that no process has any more.
void CallListener::RemoveEnded(const std::vector<pollfd>& waiting) {
  for (const pollfd& entry : waiting) {
    if (entry.revents == 0 || (entry.revents & POLLIN)) continue;
    const auto is_ended = [&entry](const UniqueFd& fd) { return fd.get() == entry.fd; };
    listeners_.erase(std::remove_if(listeners_.begin(), listeners_.end(), is_ended),
                     listeners_.end());
    const auto is_of_it = [&entry](const Waiting& call) { return call.listener == entry.fd; };
    waiting_.erase(std::remove_if(waiting_.begin(), waiting_.end(), is_of_it), waiting_.end());
  }
}

void CallListener::Receive(int listener) {
  seccomp_notif question = {};
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question) != 0) return;
  Serve({listener, question, absl::InfinitePast()});
}

void CallListener::ServeWaiting() {
  std::vector<Waiting> due;
  const absl::Time now = absl::Now();
  const auto first = std::partition(waiting_.begin(), waiting_.end(),
                                    [now](const Waiting& call) { return call.due > now; });
  std::move(first, waiting_.end(), std::back_inserter(due));
  waiting_.erase(first, waiting_.end());
  for (const Waiting& call : due) {
    // The caller may have been killed meanwhile, and its number be another's.
    uint64_t id = call.question.id;
    if (ioctl(call.listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0) Serve(call);
  }
}

void CallListener::Serve(const Waiting& call) {
  const bool waited = call.due > absl::InfinitePast();
  absl::Time later = absl::InfinitePast();
  CallAnswer played;
  if (IsClockCall(call.question.data.nr)) {
    played = PlayClockCall(vmx_, call.question);
  } else if (vsock_ == nullptr) {
    played.error = ENOSYS;
  } else {
    played = vsock_->Play(call.listener, call.question, waited, &later);
  }
  if (played.answered) return;
  if (later > absl::InfinitePast()) {
    waiting_.push_back({call.listener, call.question, later});
    return;
  }
  seccomp_notif_resp answer = {};
  answer.id = call.question.id;
  answer.error = -played.error;
  answer.val = played.error == 0 ? played.value : 0;
  if (played.let_run) answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  // Fails if the caller has been killed.
  ioctl(call.listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

}  // namespace toolboxd::vmxsim
