// SPDX-License-Identifier: Apache-2.0

// Both over vsock, where the host pushes and no guest polls.

#include <optional>
#include <string>

#include "absl/time/clock.h"
#include "tests/bench/measurements.h"
#include "tests/bench/rows.h"

namespace toolboxd::bench {
namespace {

constexpr absl::Duration kIdleTime = absl::Seconds(20);

// A second.
struct Wakeups {
  double all = 0, transportd = 0, guestinfod = 0, cpu_ms = 0;
};

Wakeups CountWakeups(Guest& guest) {
  const auto sleeps = [&guest](const std::string& name) {
    return static_cast<double>(Measure(guest.Pids({name})).sleeps);
  };
  const Cost before = guest.Costs();
  const double transportd = sleeps("transportd"), guestinfod = sleeps("guestinfod");
  absl::SleepFor(kIdleTime);
  const Cost after = guest.Costs();
  const double seconds = absl::ToDoubleSeconds(kIdleTime);
  return {static_cast<double>(after.sleeps - before.sleeps) / seconds,
          (sleeps("transportd") - transportd) / seconds,
          (sleeps("guestinfod") - guestinfod) / seconds,
          absl::ToDoubleMilliseconds(after.cpu - before.cpu) / seconds};
}

void MeasureWakeups(Pair& pair) {
  PrintHeading("when idle, 20 s each");
  const Wakeups ours = CountWakeups(pair.toolboxd), theirs = CountWakeups(pair.vmtoolsd);
  PrintRow({"idle.wakeups", "wake-ups", "/s", Better::kLower,
            "How often a thread of the tools goes to sleep again. The heartbeat, which vSphere "
            "expects of a guest, is one a second.",
            "< 2"},
           {ours.all, theirs.all});
  PrintRow({"idle.wakeups.transportd", "of transportd", "/s", Better::kLower,
            "The part of transportd, which has the heartbeat."},
           {ours.transportd, std::nullopt});
  PrintRow(
      {"idle.wakeups.guestinfod", "of guestinfod", "/s", Better::kLower,
       "The part of guestinfod, which looks for changes of what the kernel does not announce."},
      {ours.guestinfod, std::nullopt});
  PrintRow({"idle.cpu", "CPU", "ms/s", Better::kLower,
            "CPU time of all the tools' processes, user and system."},
           {ours.cpu_ms, theirs.cpu_ms});
}

}  // namespace

void MeasureVsock(Pair& pair) {
  SetPrefix("vsock.", "over vsock: ");
  MeasureWakeups(pair);
  MeasureRoundTrips(pair);
  MeasureSmallOperations(pair);
  MeasureRates(pair);
  MeasurePackets(pair);
  SetPrefix("", "");
}

}  // namespace toolboxd::bench
