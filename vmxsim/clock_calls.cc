// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/clock_calls.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <time.h>

#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/small_file.h"
#include "base/status.h"
#include "vmxsim/tracee.h"

namespace toolboxd::vmxsim {
namespace {

constexpr int64_t kMicrosPerSecond = 1000000;

// Whether a thread may set the clock, by its own capabilities.
bool MayUse(pid_t tid) {
  const std::string text = ReadSmallFileOrEmpty(absl::StrCat("/proc/", tid, "/status"), 8192);
  const size_t at = text.find("CapEff:\t");
  if (at == std::string::npos) return false;
  return strtoull(text.c_str() + at + 8, nullptr, 16) >> CAP_SYS_TIME & 1;
}

// A structure in the memory of a stopped thread. False if it cannot be read.
template <typename T>
bool ReadValue(pid_t tid, uint64_t address, T& value) {
  return ReadMemory(tid, address, &value, sizeof(value)) == sizeof(value);
}

struct Answer {
  int error = 0;
  int64_t value = 0;
};

class Call {
 public:
  Call(Vmx& vmx, const seccomp_notif& question)
      : vmx_(vmx), data_(question.data), tid_(question.pid) {}

  Answer Play() {
    switch (data_.nr) {
      case SYS_settimeofday:
        return SetTimeOfDay();
      case SYS_clock_settime:
        return ClockSetTime();
      case SYS_adjtimex:
        return Adjust(data_.args[0]);
      case SYS_clock_adjtime:
        return data_.args[0] == CLOCK_REALTIME ? Adjust(data_.args[1]) : Answer{EINVAL};
      default:
        return {ENOSYS};
    }
  }

 private:
  Answer SetTimeOfDay() {
    timeval time = {};
    if (data_.args[0] == 0) return {EINVAL};
    if (!ReadValue(tid_, data_.args[0], time)) return {EFAULT};
    if (time.tv_usec < 0 || time.tv_usec >= kMicrosPerSecond) return {EINVAL};
    return Set(time.tv_sec, time.tv_usec);
  }

  Answer ClockSetTime() {
    timespec time = {};
    if (data_.args[0] != CLOCK_REALTIME) return {EINVAL};
    if (!ReadValue(tid_, data_.args[1], time)) return {EFAULT};
    if (time.tv_nsec < 0 || time.tv_nsec >= 1000 * kMicrosPerSecond) return {EINVAL};
    return Set(time.tv_sec, time.tv_nsec / 1000);
  }

  Answer Set(int64_t seconds, int64_t micros) {
    if (!MayUse(tid_)) return {EPERM};
    if (seconds < 0 || seconds > INT32_MAX * int64_t{4}) return {EINVAL};
    Answer answer;
    vmx_.With([&](Vmx::View& view) {
      answer.error = view.machine.clock().SetTime(Now(), seconds * kMicrosPerSecond + micros);
      view.log.Add(-1, "clock", "set");
    });
    return answer;
  }

  Answer Adjust(uint64_t address) {
    timex timex = {};
    if (!ReadValue(tid_, address, timex)) return {EFAULT};
    if (timex.modes != 0 && timex.modes != ADJ_OFFSET_SS_READ && !MayUse(tid_)) return {EPERM};
    Answer answer;
    vmx_.With([&](Vmx::View& view) {
      answer.error = view.machine.clock().Adjust(Now(), timex);
      if (timex.modes != 0) {
        view.log.Add(-1, "clock", absl::StrCat("adjust ", absl::Hex(timex.modes)));
      }
    });
    if (answer.error != 0) return answer;
    const absl::string_view bytes(reinterpret_cast<const char*>(&timex), sizeof(timex));
    if (!WriteMemory(tid_, address, bytes)) return {EFAULT};
    answer.value = timex.status & STA_UNSYNC ? TIME_ERROR : TIME_OK;
    return answer;
  }

  static int64_t Now() { return absl::ToUnixMicros(absl::Now()); }

  Vmx& vmx_;
  const seccomp_data& data_;
  const pid_t tid_;
};

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
  return ErrnoError(errno, "passing the descriptor of the clock");
}

ClockCalls::ClockCalls(Vmx* vmx, UniqueFd socket)
    : vmx_(*vmx),
      socket_(std::move(socket)),
      stop_(eventfd(0, EFD_CLOEXEC)),
      thread_([this] { Run(); }) {}

ClockCalls::~ClockCalls() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

bool ClockCalls::Await(int fd) const {
  pollfd waiting[] = {{fd, POLLIN, 0}, {stop_.get(), POLLIN, 0}};
  while (poll(waiting, 2, -1) < 0) {
    if (errno != EINTR) return false;
  }
  // POLLHUP alone: no process has the filter any more, or the guest's first one has ended.
  return waiting[1].revents == 0 && (waiting[0].revents & POLLIN);
}

void ClockCalls::Run() {
  if (!Await(socket_.get())) return;
  Envelope envelope;
  if (recvmsg(socket_.get(), &envelope.message, MSG_CMSG_CLOEXEC) != 1) return;
  const cmsghdr* const header = CMSG_FIRSTHDR(&envelope.message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return;
  int fd = -1;
  memcpy(&fd, CMSG_DATA(header), sizeof(fd));
  const UniqueFd listener(fd);
  while (Await(listener.get())) Serve(listener.get());
}

void ClockCalls::Serve(int listener) {
  seccomp_notif question = {};
  if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &question) != 0) return;
  const Answer played = Call(vmx_, question).Play();
  seccomp_notif_resp answer = {};
  answer.id = question.id;
  answer.error = -played.error;
  answer.val = played.error == 0 ? played.value : 0;
  // Fails if the caller has been killed.
  ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

}  // namespace toolboxd::vmxsim
