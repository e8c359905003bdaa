// SPDX-License-Identifier: Apache-2.0

#include "session/policy_check.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "base/close_on_exec.h"
#include "session/user.h"

namespace toolboxd::session {
namespace {

// Survives the exec: a user database that does not answer ends the program, and that is a refusal.
constexpr unsigned kPatienceSeconds = 10;
// What the child says where it could not execute the program.
constexpr int kNotExecuted = 127;

[[noreturn]] void Execute(const PolicyCheck& check, const User& as, const std::string& user) {
  alarm(kPatienceSeconds);
  const int null = open("/dev/null", O_RDWR);
  const bool ready = null >= 0 && dup2(null, 0) == 0 && dup2(null, 1) == 1 && CloseOnExecFrom(3) &&
                     setgroups(1, &as.gid) == 0 && setresgid(as.gid, as.gid, as.gid) == 0 &&
                     setresuid(as.uid, as.uid, as.uid) == 0 &&
                     prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  if (!ready) _exit(kNotExecuted);
  const std::string file = "--policy=" + check.file, name = "--permits_login=" + user;
  const char* const arguments[] = {"transportd", file.c_str(), name.c_str(), nullptr};
  const char* const environment[] = {"PATH=/usr/bin:/bin", nullptr};
  execve(check.program.c_str(), const_cast<char* const*>(arguments),
         const_cast<char* const*>(environment));
  _exit(kNotExecuted);
}

}  // namespace

bool PolicyPermits(const PolicyCheck& check, const std::string& user, std::string& error) {
  const std::optional<User> as = FindUser(check.user);
  if (!as.has_value() || as->uid == 0) {
    error = "the policy cannot be read: there is no user " + check.user;
    return false;
  }
  const pid_t child = fork();
  if (child == 0) Execute(check, *as, user);
  int status = 0;
  pid_t ended = -1;
  while (child > 0 && (ended = waitpid(child, &status, 0)) < 0 && errno == EINTR) {
  }
  if (ended != child || child < 0) {
    error = std::string("the policy cannot be read: ") + strerror(errno);
  } else if (!WIFEXITED(status)) {
    error = "the policy was not read in time";
  } else if (WEXITSTATUS(status) == kNotExecuted) {
    error = "the policy cannot be read: " + check.program + " cannot be executed";
  } else if (WEXITSTATUS(status) != 0) {
    error = "the policy for guest operations does not allow it";
  } else {
    return true;
  }
  return false;
}

}  // namespace toolboxd::session
