// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest_init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "absl/status/status.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "vmxsim/call_listener.h"
#include "vmxsim/namespaces.h"
#include "vmxsim/seccomp.h"

namespace toolboxd::vmxsim {
namespace {

constexpr int kCannotExecuteExit = 126;
constexpr int kNotFoundExit = 127;

[[noreturn]] void Fail(const absl::Status& status) {
  fprintf(stderr, "vmxsim: cannot set up the guest: %s\n", std::string(status.message()).c_str());
  _exit(kSetupFailedExit);
}

std::string OwnPath() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof(path));
  return std::string(path, size < 0 ? 0 : size);
}

[[noreturn]] void Execute(const GuestCommand& command) {
  // vmxsim itself ignores SIGPIPE.
  signal(SIGPIPE, SIG_DFL);
  sigprocmask(SIG_SETMASK, &command.signal_mask, nullptr);
  std::vector<char*> arguments;
  for (const std::string& argument : command.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  const int error = errno;
  const absl::Status status = ErrnoError(error, "cannot run " + command.arguments[0]);
  fprintf(stderr, "vmxsim: %s\n", std::string(status.message()).c_str());
  _exit(error == ENOENT ? kNotFoundExit : kCannotExecuteExit);
}

[[noreturn]] void RunInit(const GuestCommand& command, const std::string& own_path, int go,
                          UniqueFd calls) {
  char byte;
  if (read(go, &byte, 1) != 1) _exit(kSetupFailedExit);
  close(go);
  absl::Status status = SetUpMounts(own_path);
  if (status.ok()) status = SetUpHostName();
  if (status.ok()) status = SetUpNetwork();
  if (status.ok()) {
    GuestRights rights = command.rights;
    rights.clock = true;
    const absl::StatusOr<int> listener = InstallSeccompFilter(rights);
    status = listener.status();
    if (status.ok()) status = SendListener(UniqueFd(*listener), std::move(calls));
  }
  if (!status.ok()) Fail(status);

  const pid_t child = fork();
  if (child < 0) Fail(ErrnoError(errno, "fork"));
  if (child == 0) Execute(command);
  int wait_status = 0;
  for (;;) {
    const pid_t pid = waitpid(-1, &wait_status, 0);
    if (pid == child) _exit(ExitCodeOf(wait_status));
    if (pid < 0 && errno != EINTR) _exit(kSetupFailedExit);
  }
}

}  // namespace

int ExitCodeOf(int wait_status) {
  return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

absl::StatusOr<GuestInit> StartGuestInit(const GuestCommand& command) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return ErrnoError(errno, "pipe");
  int calls[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, calls) != 0) {
    return ErrnoError(errno, "socketpair");
  }
  UniqueFd calls_here(calls[0]), calls_there(calls[1]);
  const std::string own_path = OwnPath();
  // As fork(), with the namespaces; a process that has unshared its PID namespace could not start
  // threads any more.
  const long pid = syscall(SYS_clone, NamespaceFlags() | SIGCHLD, nullptr, nullptr, nullptr, 0);
  if (pid < 0) {
    const absl::Status status = ErrnoError(errno, "namespaces for the guest");
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    return status;
  }
  if (pid == 0) {
    close(pipe_ends[1]);
    prctl(PR_SET_NAME, "vmxsim-init");
    calls_here.reset();
    RunInit(command, own_path, pipe_ends[0], std::move(calls_there));
  }
  close(pipe_ends[0]);
  return GuestInit{static_cast<pid_t>(pid), pipe_ends[1], calls_here.release()};
}

}  // namespace toolboxd::vmxsim
