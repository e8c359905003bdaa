// SPDX-License-Identifier: Apache-2.0

#include "vixd/terminator.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <optional>

#include "absl/strings/str_cat.h"
#include "base/close_on_exec.h"
#include "base/log.h"
#include "base/process_handle.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "vixd/proc.h"
#include "vixd/shim/command.h"
#include "vixd/shim/signals.h"

namespace toolboxd::vixd {
namespace {

absl::Status SignalError(int error, pid_t pid) {
  const std::string message(ErrnoError(error, absl::StrCat("cannot end process ", pid)).message());
  if (error == EPERM) return MakeError(v1::PERMISSION_DENIED, message, error);
  return MakeError(v1::NO_SUCH_PROCESS, message, error);
}

// Whether a process is vixd, the session that started it, or a shim.
bool IsOurs(pid_t pid) {
  if (pid == getpid() || pid == getppid()) return true;
  std::optional<ProcessInfo> process = ReadProcessFacts(pid);
  if (!process.has_value() || process->owner != getuid()) return false;
  ReadArguments(*process);
  return process->name == "toolboxd-shim";
}

}  // namespace

absl::Status Terminator::Terminate(pid_t pid) const {
  if (pid <= 0) return SignalError(ESRCH, pid);
  if (IsOurs(pid)) {
    return MakeError(v1::PERMISSION_DENIED,
                     absl::StrCat("process ", pid, " belongs to toolboxd and is not ended"));
  }
  if (const std::optional<Record> program = programs_->Find(pid)) {
    if (program->ended()) return SignalError(ESRCH, pid);
    if (IsAlive(pid, program->start_ticks)) return TerminateGroup(*program);
  }
  return TerminateProcess(pid);
}

absl::Status Terminator::TerminateGroup(const Record& program) const {
  // The program leads its process group, so its children get the signal too.
  if (!SignalGroup(program.pid, SIGTERM)) return SignalError(errno, program.pid);
  if (IsAlive(program.shim, program.shim_ticks)) SignalProcess(program.shim, kKillLaterSignal);
  return absl::OkStatus();
}

absl::Status Terminator::TerminateProcess(pid_t pid) const {
  const UniqueFd process = OpenProcess(pid);
  if (!process.ok()) return SignalError(errno, pid);
  if (!SignalProcessOf(process.get(), SIGTERM)) return SignalError(errno, pid);
  // The shim holds the process's handle, so SIGKILL cannot reach a later process with the same id.
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, process.get(), kShimDescriptor);
  CloseOnExecFrom(kShimDescriptor + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
  char name[] = "toolboxd-shim";
  char command[] = "kill";
  char* const arguments[] = {name, command, nullptr};
  char* const environment[] = {nullptr};
  pid_t shim;
  const int error =
      posix_spawn(&shim, shim_.c_str(), &actions, &attributes, arguments, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    LogWarning("process ", pid, " got SIGTERM, but nothing will send SIGKILL if it does not end: ",
               ErrnoError(error, absl::StrCat("cannot execute ", shim_)).message());
  }
  return absl::OkStatus();
}

}  // namespace toolboxd::vixd
