// SPDX-License-Identifier: Apache-2.0

// One side of the comparison: tools in a simulated VM.

#ifndef TOOLBOXD_TESTS_BENCH_GUEST_H_
#define TOOLBOXD_TESTS_BENCH_GUEST_H_

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "tests/bench/processes.h"
#include "vmxsim/client.h"
#include "vmxsim/guest/guest_client.h"

namespace toolboxd::bench {

// Ends the program with a message where the guest does not answer: figures of half a run would
// be misleading.
class Guest {
 public:
  // `names` are the command names of the tools' own processes.
  Guest(const std::string& control, std::set<std::string> names, const std::string& user,
        const std::string& password);

  vmxsim::Client& host() { return *host_; }
  // Another connection to the host's side, for another thread.
  vmxsim::Client ConnectHost();
  vmxsim::GuestClient& operations() { return *operations_; }
  // Operations of another user.
  vmxsim::GuestClient As(const std::string& user, const std::string& password);

  // What the tools' own processes have used.
  Cost Costs();
  // The guest's processes with one of these command names.
  std::vector<pid_t> Pids(const std::set<std::string>& names);
  // The guest's vmxsim.
  pid_t Vmxsim();
  // One counter of vmxsim's stats.
  double Stat(const std::string& name);

 private:
  const std::string control_;
  std::shared_ptr<vmxsim::Client> host_;
  std::unique_ptr<vmxsim::GuestClient> operations_;
  std::set<std::string> names_;
};

// Prints and exits unless ok.
void Require(const absl::Status& status, absl::string_view what);

}  // namespace toolboxd::bench

#endif  // TOOLBOXD_TESTS_BENCH_GUEST_H_
