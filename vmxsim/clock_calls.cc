// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/clock_calls.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "vmxsim/tracee.h"

namespace toolboxd::vmxsim {
namespace {

constexpr int64_t kMicrosPerSecond = 1000000;

CallAnswer Failed(int error) { return {.error = error}; }

class Call {
 public:
  Call(Vmx& vmx, const seccomp_notif& question)
      : vmx_(vmx), data_(question.data), tid_(question.pid) {}

  CallAnswer Play() {
    switch (data_.nr) {
      case SYS_settimeofday:
        return SetTimeOfDay();
      case SYS_clock_settime:
        return ClockSetTime();
      case SYS_adjtimex:
        return Adjust(data_.args[0]);
      case SYS_clock_adjtime:
        return data_.args[0] == CLOCK_REALTIME ? Adjust(data_.args[1]) : Failed(EINVAL);
      default:
        return Failed(ENOSYS);
    }
  }

 private:
  CallAnswer SetTimeOfDay() {
    timeval time = {};
    if (data_.args[0] == 0) return Failed(EINVAL);
    if (!ReadValue(tid_, data_.args[0], time)) return Failed(EFAULT);
    if (time.tv_usec < 0 || time.tv_usec >= kMicrosPerSecond) return Failed(EINVAL);
    return Set(time.tv_sec, time.tv_usec);
  }

  CallAnswer ClockSetTime() {
    timespec time = {};
    if (data_.args[0] != CLOCK_REALTIME) return Failed(EINVAL);
    if (!ReadValue(tid_, data_.args[1], time)) return Failed(EFAULT);
    if (time.tv_nsec < 0 || time.tv_nsec >= 1000 * kMicrosPerSecond) return Failed(EINVAL);
    return Set(time.tv_sec, time.tv_nsec / 1000);
  }

  CallAnswer Set(int64_t seconds, int64_t micros) {
    if (!HasCapability(tid_, CAP_SYS_TIME)) return Failed(EPERM);
    if (seconds < 0 || seconds > INT32_MAX * int64_t{4}) return Failed(EINVAL);
    CallAnswer answer;
    vmx_.With([&](Vmx::View& view) {
      answer.error = view.machine.clock().SetTime(Now(), seconds * kMicrosPerSecond + micros);
      view.log.Add(-1, "clock", "set");
    });
    return answer;
  }

  CallAnswer Adjust(uint64_t address) {
    timex timex = {};
    if (!ReadValue(tid_, address, timex)) return Failed(EFAULT);
    if (timex.modes != 0 && timex.modes != ADJ_OFFSET_SS_READ && !HasCapability(tid_, CAP_SYS_TIME))
      return Failed(EPERM);
    CallAnswer answer;
    vmx_.With([&](Vmx::View& view) {
      answer.error = view.machine.clock().Adjust(Now(), timex);
      if (timex.modes != 0) {
        view.log.Add(-1, "clock", absl::StrCat("adjust ", absl::Hex(timex.modes)));
      }
    });
    if (answer.error != 0) return answer;
    const absl::string_view bytes(reinterpret_cast<const char*>(&timex), sizeof(timex));
    if (!WriteMemory(tid_, address, bytes)) return Failed(EFAULT);
    answer.value = timex.status & STA_UNSYNC ? TIME_ERROR : TIME_OK;
    return answer;
  }

  static int64_t Now() { return absl::ToUnixMicros(absl::Now()); }

  Vmx& vmx_;
  const seccomp_data& data_;
  const pid_t tid_;
};

}  // namespace

CallAnswer PlayClockCall(Vmx& vmx, const seccomp_notif& question) {
  return Call(vmx, question).Play();
}

}  // namespace toolboxd::vmxsim
