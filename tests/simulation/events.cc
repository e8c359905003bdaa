// SPDX-License-Identifier: Apache-2.0

// The table of events, and schedules of them.

#include "tests/simulation/events.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/simulation/run.h"

namespace toolboxd::simulation {

vmxsim::GuestClient Client(Run& run, const std::string& kind, std::string user,
                           std::string password, int operation) {
  return vmxsim::GuestClient(
      [&run, kind, operation](absl::string_view request) {
        return run.Send(kind, std::string(request), kOperationLimit, operation);
      },
      std::move(user), std::move(password));
}

const std::vector<EventKind>& EventKinds() {
  static const auto& kinds = *[] {
    auto* const all = new std::vector<EventKind>;
    for (const auto& part : {GuestOperationEvents(), HostEvents(), MachineEvents()}) {
      all->insert(all->end(), part.begin(), part.end());
    }
    return all;
  }();
  return kinds;
}

Schedule MakeSchedule(uint64_t seed) {
  Random random(seed * 0x2545F4914F6CDD1Du + 1);
  uint64_t weights = 0;
  for (const EventKind& kind : EventKinds()) weights += kind.weight;
  Schedule schedule;
  schedule.seed = seed;
  const uint64_t count = random.Between(4, 40);
  const int64_t length = random.OneIn(3) ? 10 * kSecond : 40 * kSecond;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t chosen = random.Below(weights);
    int kind = 0;
    while (chosen >= static_cast<uint64_t>(EventKinds()[kind].weight)) {
      chosen -= EventKinds()[kind++].weight;
    }
    schedule.events.push_back({random.Between(0, length), kind, random.Next()});
  }
  std::stable_sort(schedule.events.begin(), schedule.events.end(),
                   [](const Event& a, const Event& b) { return a.time < b.time; });
  return schedule;
}

}  // namespace toolboxd::simulation
