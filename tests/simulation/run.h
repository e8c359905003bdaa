// SPDX-License-Identifier: Apache-2.0

// Run: transportd, its host and its services on virtual time, from a schedule.

#ifndef TOOLBOXD_TESTS_SIMULATION_RUN_H_
#define TOOLBOXD_TESTS_SIMULATION_RUN_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/simulation/host.h"
#include "tests/simulation/journal.h"
#include "tests/simulation/services.h"
#include "tests/simulation/users.h"
#include "tests/simulation/world.h"
#include "transportd/transport.h"

namespace toolboxd::simulation {

// One event of a schedule.
struct Event {
  // After the start.
  int64_t time = 0;
  // An index of the table of events.
  int kind = 0;
  // For what the event draws itself, so that it is the same whatever else is in the schedule.
  uint64_t seed = 0;
};

struct Schedule {
  uint64_t seed = 0;
  // What has passed since Scheduler::kStart.
  int64_t start = 2 * 3600 * kSecond;
  std::vector<Event> events;
};

// Drawn from a seed.
Schedule MakeSchedule(uint64_t seed);

// The states that the table of what was reached has, in the order of their weight.
enum class State {
  kUnregistered,
  kFrozen,
  kSnapshot,
  kCustomizing,
  kPower,
  kTransfer,
  kOperation,
  kVsock,
  kBackdoor
};
constexpr int kStates = 9;
const char* StateName(int state);

struct Outcome {
  std::vector<std::string> violations;
  uint64_t trace_hash = 0;
  uint64_t trace_lines = 0;
  uint64_t operations = 0;
  uint64_t executions = 0;
  uint64_t messages = 0;
  uint64_t switches = 0;
  uint64_t logins = 0;
  // Something was left, which another play in the same process decides about.
  bool played_again = false;
  // Virtual time, in nanoseconds.
  int64_t time = 0;
};

// What an event may use.
class Run {
 public:
  Run(World* world, uint64_t seed, bool verbose);

  World& world() { return world_; }
  Host& host() { return *host_; }
  Services& services() { return *services_; }
  Users& users() { return *users_; }
  Transport& transport() { return *transport_; }
  Journal& journal() { return *journal_; }

  // Sends a request of the host and waits for its end; a violation if the guest takes longer than
  // this from taking it on. UNAVAILABLE if the channel ended first. It may belong to an operation.
  // Adds the time that the guest took to `busy`.
  absl::StatusOr<std::string> Send(absl::string_view what, std::string text, int64_t limit,
                                   int operation = 0, int64_t* busy = nullptr);
  // Does something later, and for the end of faults.
  void After(int64_t nanoseconds, std::function<void()> action);
  // A fault that lasts: the host is not sane meanwhile.
  void Disturb(int64_t nanoseconds, const std::function<void()>& begin, std::function<void()> end);

  // What an upload puts there, if it does.
  void Expect(const std::string& path, std::string content) {
    expected_[path] = std::move(content);
  }

  // --- snapshots, by what the host hears of them
  // What is reported of one that is open may be lost, its end as well (docs/reliability.md,
  // "Known").
  void LoseSnapshotEvents() { snapshot_unclear_ |= world_.snapshots > 0; }
  uint64_t commits() const { return commits_; }
  uint64_t dones() const { return dones_; }
  bool snapshot_open() const { return snapshot_open_; }
  State state() const;

  // The whole run, from the start of transportd to its end. `reached` has kStates numbers for each
  // kind of event.
  void Play(const Schedule& schedule, int64_t* reached);

 private:
  std::string OnRpci(absl::string_view request);
  void OnSentAgain(const HostRequest& request);
  void OnAnswer(const HostRequest& request, absl::string_view answer);
  void OnSnapshotEvent(absl::string_view name);
  void Monitor();
  void Repair();
  // Ends when nothing is left of what there was.
  void AwaitQuiet(size_t descriptors);
  std::string NotQuiet(size_t descriptors);
  void Probe();
  void CheckFiles();

  World& world_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Host> host_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<Users> users_;
  std::unique_ptr<Transport> transport_;
  Random random_;
  uint64_t channel_fiber_ = 0;
  bool repaired_ = false;
  bool over_ = false;
  // Faults that last.
  int disturbances_ = 0;
  // Events that go on.
  int acting_ = 0;

  bool snapshot_open_ = false;
  bool snapshot_committed_ = false;
  // The answer to one of its events failed.
  bool snapshot_unclear_ = false;
  uint64_t commits_ = 0;
  uint64_t dones_ = 0;
  std::string host_name_;
  std::map<std::string, std::string> expected_;
};

// The power event that the host asks for with this request, as v1::PowerEvent numbers it; 0 for
// another request.
int PowerEventOf(absl::string_view request);

// A kind of event.
struct EventKind {
  const char* name;
  // How often, beside the others.
  int weight;
  void (*run)(Run& run, Random& random);
};
const std::vector<EventKind>& EventKinds();

// Makes what is made once in a process: protobuf's descriptors of the files whose names are asked
// for, and what the log has for its kinds of messages and for lines that wait. Call it first.
void WarmUp();

// Plays a schedule in this process. Where that leaves memory, it is played once more: then there is
// all that is made once, and nothing may be left. Of that the outcome has no more than the result.
Outcome Simulate(const Schedule& schedule, bool verbose, int64_t* reached);

}  // namespace toolboxd::simulation

#endif  // TOOLBOXD_TESTS_SIMULATION_RUN_H_
