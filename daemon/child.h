// SPDX-License-Identifier: Apache-2.0

// Runs a program to its end, at once or later.

#ifndef TOOLBOXD_DAEMON_CHILD_H_
#define TOOLBOXD_DAEMON_CHILD_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "daemon/stop_signal.h"

namespace toolboxd {

// Runs argv[0] with these arguments and with `environment` ("NAME=value") added to our own. Its
// standard input is the descriptor `input`, or empty if that is -1; its output and errors are ours;
// it has no other descriptor of ours, and a process group of its own. OK if it exits with status 0.
// After the timeout, or when stop is set, its group gets SIGTERM, two seconds later SIGKILL:
// DEADLINE_EXCEEDED or CANCELLED. Safe in a process with threads: no code of this process runs in
// the child.
absl::Status RunProgram(const std::vector<std::string>& argv,
                        const std::vector<std::string>& environment, absl::Duration timeout,
                        const StopSignal& stop, int input = -1);

// A program whose process exists before it is to begin: where the system has no process left, that
// is known beforehand. Until then its process is a shell, which ends without the program when this
// object or the process that made it is gone. Not thread-safe.
class HeldProgram {
 public:
  // An error if argv[0] may not be executed, or there is no process for it.
  static absl::StatusOr<std::shared_ptr<HeldProgram>> Start(const std::vector<std::string>& argv);
  ~HeldProgram();
  HeldProgram(const HeldProgram&) = delete;
  HeldProgram& operator=(const HeldProgram&) = delete;

  // Lets it begin, and waits for its end as RunProgram does. Once only.
  absl::Status Run(absl::Duration timeout, const StopSignal& stop);

 private:
  HeldProgram(std::string name, pid_t pid, UniqueFd process, UniqueFd gate);

  const std::string name_;
  // 0 once it was waited for.
  pid_t pid_;
  const UniqueFd process_;
  // A line on it lets the program begin.
  UniqueFd gate_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_CHILD_H_
