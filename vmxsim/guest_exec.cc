// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "vmxsim/guest_init.h"
#include "vmxsim/seccomp.h"

namespace toolboxd::vmxsim {
namespace {

absl::Status JoinNamespaces(pid_t init) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, init, 0));
  if (fd < 0) return ErrnoError(errno, "the guest's first process");
  const int joined = setns(fd, CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWNET);
  const int error = errno;
  close(fd);
  return joined == 0 ? absl::OkStatus() : ErrnoError(error, "joining the guest");
}

[[noreturn]] void RunCommand(const std::vector<std::string>& command, int go) {
  char byte;
  if (read(go, &byte, 1) != 1) _exit(kSetupFailedExit);
  close(go);
  if (!InstallSeccompFilter(GuestRights()).ok()) _exit(kSetupFailedExit);
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  const int error = errno;
  const absl::Status status = ErrnoError(error, absl::StrCat("cannot run ", command[0]));
  fprintf(stderr, "vmxsim exec: %s\n", std::string(status.message()).c_str());
  _exit(error == ENOENT ? 127 : 126);
}

}  // namespace

absl::StatusOr<int> ExecuteInGuest(Client& client, const std::vector<std::string>& command) {
  const absl::StatusOr<std::string> text = client.Call({"init-pid"});
  if (!text.ok()) return text.status();
  int init = 0;
  if (!absl::SimpleAtoi(*text, &init)) return absl::InternalError("malformed process number");
  int go[2];
  if (pipe2(go, O_CLOEXEC) != 0) return ErrnoError(errno, "pipe");
  const absl::Status joined = JoinNamespaces(init);
  if (!joined.ok()) return joined;
  const pid_t child = fork();
  if (child < 0) return ErrnoError(errno, "fork");
  if (child == 0) {
    close(go[1]);
    RunCommand(command, go[0]);
  }
  close(go[0]);
  const absl::Status adopted = client.Call({"adopt", absl::StrCat(child)}).status();
  if (adopted.ok() && write(go[1], "x", 1) != 1) return ErrnoError(errno, "pipe");
  close(go[1]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!adopted.ok()) return adopted;
  return ExitCodeOf(status);
}

}  // namespace toolboxd::vmxsim
