// SPDX-License-Identifier: Apache-2.0

// What the files of events share: limits of requests, and who asks.

#ifndef TOOLBOXD_TESTS_SIMULATION_EVENTS_H_
#define TOOLBOXD_TESTS_SIMULATION_EVENTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tests/simulation/run.h"
#include "vmxsim/guest/guest_client.h"

namespace toolboxd::simulation {

// The limits of requests, as docs/architecture.md has them, and what the host itself may add by
// answers that do not come.
constexpr int64_t kHostSlack = 8 * kSecond;
constexpr int64_t kAtOnce = kHostSlack + 100 * kMillisecond;
constexpr int64_t kStartLimit = kHostSlack + 2 * kSecond + 100 * kMillisecond;
constexpr int64_t kFreezeLimit = kHostSlack + 7 * kSecond + 100 * kMillisecond;
// A login's wait, and the longest call.
constexpr int64_t kOperationLimit = 10 * kSecond + 15 * kSecond + 500 * kMillisecond;

inline Scheduler& Time() { return Scheduler::Get(); }

// Counts while it lives.
class Counted {
 public:
  explicit Counted(int* count) : count_(*count) { ++count_; }
  ~Counted() { --count_; }

 private:
  int& count_;
};

// A host that asks for a guest user, with kOperationLimit for each request of `kind`, which may
// belong to an operation.
vmxsim::GuestClient Client(Run& run, const std::string& kind, std::string user,
                           std::string password = kPassword, int operation = 0);

// The parts of EventKinds(), in its order: guest operations and transfers; what a host does without
// a guest user, and its faults; the faults of services and of the machine.
std::vector<EventKind> GuestOperationEvents();
std::vector<EventKind> HostEvents();
std::vector<EventKind> MachineEvents();

}  // namespace toolboxd::simulation

#endif  // TOOLBOXD_TESTS_SIMULATION_EVENTS_H_
