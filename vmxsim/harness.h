// SPDX-License-Identifier: Apache-2.0

// Runs a program under vmxsim from a test.

#ifndef TOOLBOXD_VMXSIM_HARNESS_H_
#define TOOLBOXD_VMXSIM_HARNESS_H_

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "vmxsim/client.h"

namespace toolboxd::vmxsim {

struct HarnessOptions {
  // The flags of `vmxsim run`, without --control.
  std::vector<std::string> flags = {};
  std::vector<std::string> command = {};
  // Where a test's runfiles have it (data = ["//vmxsim:vmxsim"]).
  std::string vmxsim = "vmxsim/vmxsim";
  // What the command prints, and vmxsim; empty: the test's own output.
  std::string output = {};
};

// One running vmxsim. Ends it, and with it every process of the guest, when destroyed.
class Harness {
 public:
  // Starts it and waits until its control socket answers; not until the guest is registered.
  static absl::StatusOr<Harness> Start(const HarnessOptions& options);
  Harness(Harness&& other) noexcept;
  Harness& operator=(Harness&& other) noexcept;
  ~Harness();

  Client& client() { return client_; }
  const std::string& control_path() const { return control_path_; }
  pid_t pid() const { return pid_; }

  // Runs a command inside the guest and waits for it: its exit code and what it prints.
  std::pair<int, std::string> Execute(const std::vector<std::string>& command);
  // Waits until the command has ended by itself; vmxsim's exit code, which is the command's.
  // -1 when it has not ended in time.
  int Wait(absl::Duration timeout);
  // Whether an event that the client's Log() returns has the text.
  bool LogHas(absl::string_view text);
  // SIGTERM; the exit code.
  int End();

 private:
  Harness(std::string vmxsim, std::string folder, pid_t pid, Client client)
      : vmxsim_(std::move(vmxsim)),
        folder_(std::move(folder)),
        control_path_(folder_ + "/control"),
        pid_(pid),
        client_(std::move(client)) {}

  std::string vmxsim_;
  std::string folder_;
  std::string control_path_;
  pid_t pid_ = -1;
  Client client_;
};

// Runs `words` to its end without a shell: exit code (-1: not started) and standard output with
// standard error.
std::pair<int, std::string> RunProgram(const std::vector<std::string>& words);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_HARNESS_H_
