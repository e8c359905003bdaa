// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest_clock.h"

#include <errno.h>

#include <algorithm>
#include <cmath>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace toolboxd::vmxsim {
namespace {

constexpr int64_t kMicrosPerSecond = 1000000;
constexpr int64_t kMaxOffset = 500000;
constexpr int64_t kMaxFrequency = int64_t{500} << 16;
// The loop removes a 64th of its offset in a second, with the shortest time constant.
constexpr double kLoopSeconds = 64;

uint32_t Low32(uint64_t value) { return static_cast<uint32_t>(value); }

}  // namespace

void GuestClock::Settle(int64_t now) {
  const auto passed = static_cast<double>(now - settled_);
  if (settled_ != 0) {
    const double guest_ppm =
        static_cast<double>(tick_ - 10000) * 100 + static_cast<double>(frequency_) / 65536;
    difference_ += passed * (rate_ppm_ - guest_ppm) / 1e6;
    const double removed = offset_ * (1 - std::exp(-passed / kMicrosPerSecond / kLoopSeconds));
    difference_ -= removed;
    offset_ -= removed;
  }
  settled_ = now;
}

int64_t GuestClock::Difference(int64_t now) {
  Settle(now);
  return std::llround(difference_);
}

void GuestClock::Step(int64_t delta) {
  difference_ -= static_cast<double>(delta);
  steps_.push_back(delta);
  offset_ = 0;
  status_ |= STA_UNSYNC;
  max_error_ = 16000000;
}

int GuestClock::SetTime(int64_t now, int64_t time) {
  if (time < 0) return EINVAL;
  Settle(now);
  Step(time - now);
  return 0;
}

int GuestClock::Adjust(int64_t now, timex& timex) {
  const unsigned modes = timex.modes;
  if (modes == ADJ_OFFSET_SS_READ) return 0;
  const int64_t micros = modes & ADJ_NANO ? timex.time.tv_usec / 1000 : timex.time.tv_usec;
  if ((modes & ADJ_SETOFFSET) && (micros < 0 || micros >= kMicrosPerSecond)) return EINVAL;
  if ((modes & ADJ_TICK) && (timex.tick < 9000 || timex.tick > 11000)) return EINVAL;
  Settle(now);
  if ((modes & ADJ_OFFSET_SINGLESHOT) == ADJ_OFFSET_SINGLESHOT) {
    // At once, and not by 500 ppm.
    difference_ -= static_cast<double>(timex.offset);
    return 0;
  }
  if (modes & ADJ_SETOFFSET) Step(int64_t{timex.time.tv_sec} * kMicrosPerSecond + micros);
  if (modes & ADJ_STATUS) status_ = timex.status & ~(STA_NANO | STA_CLOCKERR);
  if (modes & ADJ_FREQUENCY)
    frequency_ = std::clamp<int64_t>(timex.freq, -kMaxFrequency, kMaxFrequency);
  if (modes & ADJ_MAXERROR) max_error_ = timex.maxerror;
  if (modes & ADJ_ESTERROR) est_error_ = timex.esterror;
  if (modes & ADJ_TIMECONST) constant_ = std::clamp<int64_t>(timex.constant + 4, 0, 10);
  if (modes & ADJ_TICK) tick_ = timex.tick;
  if ((modes & ADJ_OFFSET) && (status_ & STA_PLL)) {
    offset_ = static_cast<double>(std::clamp<int64_t>(timex.offset, -kMaxOffset, kMaxOffset));
  }
  timex.offset = std::lround(offset_);
  timex.freq = frequency_;
  timex.maxerror = max_error_;
  timex.esterror = est_error_;
  timex.status = status_;
  timex.constant = constant_;
  timex.precision = 1;
  timex.tolerance = kMaxFrequency;
  timex.time = {now / kMicrosPerSecond, now % kMicrosPerSecond};
  timex.tick = tick_;
  return 0;
}

// 23: EAX seconds. 46: EAX magic, ESI:EDX seconds. 55: as 46 and EDI the interrupt lag. All: EBX
// microseconds, ECX the largest lag that the guest should correct.
void GuestClock::Answer(int64_t now, uint16_t command, Registers& registers) {
  if (newest_ == 0 || command > newest_) {
    registers.rax = 0xFFFFFFFF;
    return;
  }
  const int64_t time = HostTime(now);
  const auto seconds = static_cast<uint64_t>(time / kMicrosPerSecond);
  registers.rbx = time % kMicrosPerSecond;
  registers.rcx = Low32(max_lag_);
  if (command == kCommandGetTime) {
    registers.rax = Low32(seconds);
    return;
  }
  registers.rax = kMagic;
  registers.rsi = seconds >> 32;
  registers.rdx = Low32(seconds);
  if (command == kCommandGetTimeFullWithLag) registers.rdi = Low32(interrupt_lag_);
}

absl::Status GuestClock::Set(int64_t now, absl::string_view name, absl::string_view value) {
  double number = 0;
  if (!absl::SimpleAtod(value, &number)) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": not a number: ", value));
  }
  Settle(now);
  if (name == "difference") {
    difference_ = number;
  } else if (name == "rate") {
    rate_ppm_ = number;
  } else if (name == "max_lag") {
    max_lag_ = std::llround(number);
  } else if (name == "interrupt_lag") {
    interrupt_lag_ = std::llround(number);
  } else if (name == "newest") {
    newest_ = static_cast<uint16_t>(number);
  } else if (name == "status") {
    status_ = static_cast<int>(number);
  } else {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name,
                     "\" is not a setting of the clock; give ahead, rate, max_lag, interrupt_lag, "
                     "newest or status"));
  }
  return absl::OkStatus();
}

std::string GuestClock::Text(int64_t now) {
  std::string text = absl::StrCat(
      "difference ", Difference(now), "\nrate ", rate_ppm_, "\nmax_lag ", max_lag_,
      "\ninterrupt_lag ", interrupt_lag_, "\nnewest ", newest_, "\nstatus ", status_, "\ntick ",
      tick_, "\nfrequency ", frequency_, "\nstop_catch_ups ", stop_catch_ups_, "\n");
  for (const int64_t step : steps_) absl::StrAppend(&text, "step ", step, "\n");
  return text;
}

}  // namespace toolboxd::vmxsim
