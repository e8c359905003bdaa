// SPDX-License-Identifier: Apache-2.0

#include "daemon/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/close_on_exec.h"
#include "base/process_handle.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "base/unique_fd.h"

namespace toolboxd {
namespace {

// Where the kernel has no pidfd, which poll(2) could wait for.
constexpr absl::Duration kLookEvery = absl::Milliseconds(10);

// Short: the host waits.
constexpr absl::Duration kTermToKill = absl::Seconds(2);

// Waits for its line, and becomes the program that its arguments are.
constexpr char kHold[] = "read -r line && exec \"$@\" </dev/null";

// As exec wants it; valid as long as the strings.
std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (const std::string& text : strings) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// The first of two equal variables counts, so ours replaces the inherited one.
std::vector<std::string> Environment(const std::vector<std::string>& added) {
  std::vector<std::string> result = added;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    result.emplace_back(*variable);
  }
  return result;
}

absl::Status Spawn(const std::vector<std::string>& argv,
                   const std::vector<std::string>& environment, int input, pid_t& pid) {
  if (!CloseOnExecFrom(STDERR_FILENO + 1)) {
    return ErrnoError(errno, absl::StrCat("cannot keep descriptors from ", argv[0]));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (input >= 0) {
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }

  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&attributes, 0);
  // The loop's blocked signals and the ignored SIGPIPE are ours, not the program's.
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  sigset_t all;
  sigfillset(&all);
  posix_spawnattr_setsigdefault(&attributes, &all);

  const std::vector<std::string> variables = Environment(environment);
  const int error = posix_spawn(&pid, argv[0].c_str(), &actions, &attributes, Pointers(argv).data(),
                                Pointers(variables).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? absl::OkStatus() : ErrnoError(error, argv[0]);
}

// Whether the process has ended within the time; gives up when stop is set.
bool AwaitEnd(int process, absl::Duration timeout, const StopSignal& stop) {
  const absl::Time end = SteadyNow() + timeout;
  const int pidfd = PollableOf(process);
  for (;;) {
    const absl::Duration left = end - SteadyNow();
    stop.Poll(pidfd, POLLIN, pidfd < 0 ? std::min(left, kLookEvery) : left);
    if (HasProcessEnded(process)) return true;
    if (left <= absl::ZeroDuration() || stop.IsSet()) return false;
  }
}

int Reap(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// Opens a handle of a child that was just made.
absl::StatusOr<UniqueFd> HandleOf(pid_t pid, const std::string& name) {
  UniqueFd process = OpenProcess(pid);
  if (process.ok()) return process;
  // Without it there is no bounded wait: end the program rather than hang on it.
  const int error = errno;
  kill(-pid, SIGKILL);
  Reap(pid);
  return ErrnoError(error, name);
}

// Waits for the end of a program, which is the leader of a group.
absl::Status Finish(const std::string& name, pid_t pid, int process, absl::Duration timeout,
                    const StopSignal& stop) {
  // The group exists: posix_spawn returns after the program was executed. It cannot be reused
  // either, as long as its leader has not been waited for.
  const bool ended = AwaitEnd(process, timeout, stop);
  if (!ended) {
    kill(-pid, SIGTERM);
    const StopSignal never;
    if (!AwaitEnd(process, kTermToKill, never)) kill(-pid, SIGKILL);
  }
  const int status = Reap(pid);
  if (!ended && stop.IsSet()) return absl::CancelledError(absl::StrCat(name, ": stopped"));
  if (!ended) {
    return absl::DeadlineExceededError(
        absl::StrCat(name, ": ended after ", absl::FormatDuration(timeout)));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  return absl::UnknownError(WIFEXITED(status)
                                ? absl::StrCat(name, ": exit status ", WEXITSTATUS(status))
                                : absl::StrCat(name, ": signal ", WTERMSIG(status)));
}

}  // namespace

absl::Status RunProgram(const std::vector<std::string>& argv,
                        const std::vector<std::string>& environment, absl::Duration timeout,
                        const StopSignal& stop, int input) {
  pid_t pid = 0;
  absl::Status spawned = Spawn(argv, environment, input, pid);
  if (!spawned.ok()) return spawned;
  const absl::StatusOr<UniqueFd> process = HandleOf(pid, argv[0]);
  if (!process.ok()) return process.status();
  return Finish(argv[0], pid, process->get(), timeout, stop);
}

absl::StatusOr<std::shared_ptr<HeldProgram>> HeldProgram::Start(
    const std::vector<std::string>& argv) {
  if (access(argv[0].c_str(), X_OK) != 0) return ErrnoError(errno, argv[0]);
  int ends[2];
  // A socket, since a write to a pipe that no process reads raises a signal.
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return ErrnoError(errno, absl::StrCat("a socket for ", argv[0]));
  }
  const UniqueFd input(ends[0]);
  UniqueFd gate(ends[1]);
  std::vector<std::string> shell = {"/bin/sh", "-c", kHold, "sh"};
  shell.insert(shell.end(), argv.begin(), argv.end());
  pid_t pid = 0;
  const absl::Status spawned = Spawn(shell, {}, input.get(), pid);
  if (!spawned.ok()) return ErrnoError(OsErrorOf(spawned), absl::StrCat(argv[0], ", a process"));
  absl::StatusOr<UniqueFd> process = HandleOf(pid, argv[0]);
  if (!process.ok()) return process.status();
  return std::shared_ptr<HeldProgram>(
      new HeldProgram(argv[0], pid, *std::move(process), std::move(gate)));
}

HeldProgram::HeldProgram(std::string name, pid_t pid, UniqueFd process, UniqueFd gate)
    : name_(std::move(name)), pid_(pid), process_(std::move(process)), gate_(std::move(gate)) {}

HeldProgram::~HeldProgram() {
  if (pid_ == 0) return;
  kill(-pid_, SIGKILL);
  Reap(pid_);
}

absl::Status HeldProgram::Run(absl::Duration timeout, const StopSignal& stop) {
  // Where the shell was killed meanwhile, its status says so.
  send(gate_.get(), "\n", 1, MSG_NOSIGNAL);
  return Finish(name_, std::exchange(pid_, 0), process_.get(), timeout, stop);
}

}  // namespace toolboxd
