// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest_exec.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

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

// Writes the number of its filter's descriptor to `filter`, which vmxsim takes; -1: there is none.
[[noreturn]] void RunCommand(const std::vector<std::string>& command, const GuestRights& rights,
                             int filter, int go) {
  const absl::StatusOr<int> listener = InstallSeccompFilter(rights);
  if (!listener.ok()) _exit(kSetupFailedExit);
  const int number = *listener;
  char byte;
  if (write(filter, &number, sizeof(number)) != sizeof(number) || read(go, &byte, 1) != 1) {
    _exit(kSetupFailedExit);
  }
  close(filter);
  close(go);
  if (number >= 0) close(number);
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
  GuestRights rights;
  rights.vsock = client.Call({"vsock"}).ok();
  int go[2], filter[2];
  if (pipe2(go, O_CLOEXEC) != 0 || pipe2(filter, O_CLOEXEC) != 0) return ErrnoError(errno, "pipe");
  std::error_code error;
  const std::filesystem::path folder = std::filesystem::current_path(error);
  const absl::Status joined = JoinNamespaces(init);
  if (!joined.ok()) return joined;
  // Joining leads to the root folder. Where the guest does not have this one, the command stays
  // there.
  std::filesystem::current_path(folder, error);
  const pid_t child = fork();
  if (child < 0) return ErrnoError(errno, "fork");
  if (child == 0) {
    close(go[1]);
    close(filter[0]);
    RunCommand(command, rights, filter[1], go[0]);
  }
  close(go[0]);
  close(filter[1]);
  int number = -1;
  absl::Status adopted = absl::InternalError("the command could not be restricted");
  if (read(filter[0], &number, sizeof(number)) == sizeof(number)) {
    adopted = client.Call({"adopt", absl::StrCat(child), absl::StrCat(number)}).status();
  }
  close(filter[0]);
  if (adopted.ok() && write(go[1], "x", 1) != 1) return ErrnoError(errno, "pipe");
  close(go[1]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!adopted.ok()) return adopted;
  return ExitCodeOf(status);
}

}  // namespace toolboxd::vmxsim
