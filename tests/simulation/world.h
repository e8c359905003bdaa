// SPDX-License-Identifier: Apache-2.0

// World: what one run knows: the operations and what became of them, the trace, the violations.

#ifndef TOOLBOXD_TESTS_SIMULATION_WORLD_H_
#define TOOLBOXD_TESTS_SIMULATION_WORLD_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "tests/simulation/grpc/scheduler.h"

namespace toolboxd::simulation {

// One request of the host, from its sending to its end.
struct Operation {
  std::string kind;
  // When it was sent, when the guest took it, and when it was over; 0 before.
  int64_t sent_at = 0;
  int64_t over_at = 0;
  bool answered = false;
  bool succeeded = false;
  // How often the host sent it, and a service did it.
  int sent = 1;
  int executed = 0;
};

// Not thread-safe: it has no threads.
class World {
 public:
  explicit World(bool verbose) : verbose_(verbose) {}

  // A line of the trace, which two runs of a seed have in common.
  void Trace(absl::string_view text);
  uint64_t trace_hash() const { return hash_; }
  uint64_t trace_lines() const { return lines_; }
  // Something that must never be.
  void Violation(const std::string& text);
  const std::vector<std::string>& violations() const { return violations_; }

  // --- operations, by a number that is in their text
  int NewOperation(std::string kind);
  Operation& operation(int id) { return operations_[id]; }
  const std::map<int, Operation>& operations() const { return operations_; }
  // The host sends it once more.
  void SendAgain(int id);
  // A service does it now.
  void Execute(int id, absl::string_view what);
  void End(int id, bool answered, bool succeeded);
  // The guest has registered with its host: what was lost before is over.
  void Registered();
  // The number in a text such as "/sim/op12.tmp"; 0 if there is none.
  static int NumberIn(absl::string_view text);

  // --- what the state of a run is, for the table of what was reached
  int guest_operations = 0;
  int transfers = 0;
  int customizations = 0;
  int power_events = 0;
  int snapshots = 0;
  bool frozen = false;
  // Events that powerd carried out, by v1::PowerEvent; and those that the host asked for and was
  // not refused.
  std::map<int, int> power_done;
  std::map<int, int> power_asked;

  // Executions by kind, and calls that services got.
  uint64_t executions = 0;

 private:
  const bool verbose_;
  uint64_t hash_ = 1469598103934665603u;
  uint64_t lines_ = 0;
  std::vector<std::string> violations_;
  std::map<int, Operation> operations_;
  int64_t registered_at_ = 0;
  int next_operation_ = 1;
};

}  // namespace toolboxd::simulation

#endif  // TOOLBOXD_TESTS_SIMULATION_WORLD_H_
