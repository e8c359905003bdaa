// SPDX-License-Identifier: Apache-2.0

#include "transportd/host_time/sample.h"

#include <limits>
#include <optional>

#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/registers.h"

namespace toolboxd::host_time {
namespace {

using backdoor::Registers;

constexpr int kTries = 4;
constexpr int64_t kGoodWindow = 2000;
constexpr int64_t kWorstWindow = 1000000;
constexpr int64_t kMicrosPerSecond = 1000000;
// The last second of the year 9999.
constexpr uint64_t kLastSecond = 253402300799;
// What hosts tolerate unless they are configured.
constexpr int64_t kUsualMaxLag = kMicrosPerSecond;

struct HostReading {
  int64_t time = 0;
  int64_t max_lag = 0;
  int64_t interrupt_lag = 0;
  bool lag_known = false;
};

uint32_t Low32(uint64_t value) { return static_cast<uint32_t>(value); }
int32_t Signed(uint64_t value) { return static_cast<int32_t>(Low32(value)); }

Registers Call(backdoor::Port& port, uint16_t command) {
  Registers registers;
  registers.ax = backdoor::kMagic;
  registers.cx = command;
  registers.dx = backdoor::kLowBandwidthPort;
  port.In(registers);
  return registers;
}

// Nothing where the time is none: before 1970, after 9999, or a microsecond that is not in a
// second.
std::optional<HostReading> Decode(uint64_t seconds, const Registers& registers, bool lag_known) {
  if (seconds == 0 || seconds > kLastSecond || Low32(registers.bx) >= kMicrosPerSecond) {
    return std::nullopt;
  }
  HostReading reading;
  reading.time = static_cast<int64_t>(seconds) * kMicrosPerSecond + Low32(registers.bx);
  // A lag is never negative; a host that counts wrong must not hide an error, nor make one.
  reading.max_lag = Signed(registers.cx) < 0 ? kUsualMaxLag : Signed(registers.cx);
  if (lag_known && Signed(registers.di) > 0) reading.interrupt_lag = Signed(registers.di);
  reading.lag_known = lag_known;
  return reading;
}

std::optional<HostReading> ReadHost(backdoor::Port& port) {
  for (const uint16_t command :
       {backdoor::kCommandGetTimeFullWithLag, backdoor::kCommandGetTimeFull}) {
    const Registers registers = Call(port, command);
    if (Low32(registers.ax) != backdoor::kMagic) continue;
    return Decode(uint64_t{Low32(registers.si)} << 32 | Low32(registers.dx), registers,
                  command == backdoor::kCommandGetTimeFullWithLag);
  }
  const Registers registers = Call(port, backdoor::kCommandGetTime);
  const uint32_t seconds = Low32(registers.ax);
  if (seconds == std::numeric_limits<uint32_t>::max() || seconds == backdoor::kMagic) {
    return std::nullopt;
  }
  return Decode(seconds, registers, /*lag_known=*/false);
}

}  // namespace

absl::StatusOr<ClockSample> TakeSample(backdoor::Port& port,
                                       const std::function<WallClock()>& read) {
  ClockSample best;
  best.window = std::numeric_limits<int64_t>::max();
  std::optional<HostReading> after = ReadHost(port);
  for (int i = 0; after.has_value() && i < kTries && best.window > kGoodWindow; ++i) {
    const HostReading before = *after;
    const WallClock guest = read();
    after = ReadHost(port);
    // Nothing is known of the moment between two times of which the second is the earlier one.
    if (!after.has_value() || after->time < before.time) continue;
    const int64_t window = after->time - before.time;
    if (window >= best.window) continue;
    best = {.host = before.time + window / 2,
            .guest = guest,
            .interrupt_lag = after->interrupt_lag,
            .lag_known = after->lag_known,
            .max_lag = after->max_lag,
            .window = window};
  }
  if (!after.has_value()) return absl::UnavailableError("the host does not say what time it is");
  if (best.window > kWorstWindow) {
    return absl::UnavailableError("the host's clock could not be read twice within a second");
  }
  return best;
}

void StopCatchUp(backdoor::Port& port) { Call(port, backdoor::kCommandStopCatchUp); }

}  // namespace toolboxd::host_time
