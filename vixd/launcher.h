// SPDX-License-Identifier: Apache-2.0

// Launcher: starts programs, each under a shim of its own.

#ifndef TOOLBOXD_VIXD_LAUNCHER_H_
#define TOOLBOXD_VIXD_LAUNCHER_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "vixd/shim_client.h"

namespace toolboxd::vixd {

struct LauncherOptions {
  // Path of toolboxd-shim.
  std::string shim;
  // Directory of records.
  std::string records;
  // Bytes kept of each output stream of a program with I/O.
  int64_t output_limit = int64_t{256} << 20;
  // Bytes that the streams of all programs of the user may take (shim/disk_budget.h).
  int64_t spool_limit = int64_t{512} << 20;
  // What a program inherits, "NAME=VALUE" each. Launcher uses its HOME and PATH too.
  std::vector<std::string> environment = {};
};

// v1::StartProgramRequest. Bytes as received from the host.
struct Launch {
  std::string program;
  std::string arguments;
  std::string working_directory;
  std::vector<std::string> environment = {};
  bool with_io = false;
};

// StartProgram as vmtoolsd does it (docs/protocol/vix.md 4.6). Thread-safe.
class Launcher {
 public:
  explicit Launcher(LauncherOptions options);

  // Starts a program and returns its process id, or its shell's if the shell does not execute the
  // program in its own place. Asks `cancelled` last before the start; a call that was cancelled has
  // had no effect. NOT_FOUND, PERMISSION_DENIED, NOT_A_DIRECTORY, INVALID_ARGUMENT,
  // PROGRAM_NOT_STARTED, NO_SPACE.
  absl::StatusOr<pid_t> Start(const Launch& launch, absl::FunctionRef<bool()> cancelled);

  const std::vector<std::string>& environment() const { return options_.environment; }

 private:
  absl::StatusOr<std::string> FindProgram(const Launch& launch) const;
  absl::StatusOr<std::string> FindDirectory(const Launch& launch) const;

  const LauncherOptions options_;
  const std::string shell_;
  ShimClient shim_;
};

// Puts `program` in double quotes, with everything escaped that a shell would expand there.
std::string ShellQuote(const std::string& program);

// The value of a variable in a list of "NAME=VALUE"; empty if the list does not have it.
std::string FindVariable(const std::vector<std::string>& environment, const std::string& name);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_LAUNCHER_H_
