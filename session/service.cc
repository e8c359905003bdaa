// SPDX-License-Identifier: Apache-2.0

#include "session/service.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session/handshake.h"

namespace toolboxd::session {
namespace {

void SendReply(int connection, const Reply& reply) {
  const std::string frame = EncodeReply(reply);
  // 1 KiB at most, on an empty socket: never partial.
  (void)!send(connection, frame.data(), frame.size(), MSG_NOSIGNAL);
}

[[noreturn]] void Fail(const Service& service, const char* step) {
  const std::string text = std::string(step) + ": " + strerror(errno);
  fprintf(stderr, "<3>session: %s: %s\n", service.user.name.c_str(), text.c_str());
  SendReply(service.connection, {Result::kCannotStart, text});
  _exit(1);
}

// All three ids of both kinds; afterwards root is out of reach.
bool DropTo(const User& user) {
  if (setresgid(user.gid, user.gid, user.gid) != 0) return false;
  if (setresuid(user.uid, user.uid, user.uid) != 0) return false;
  uid_t uids[3];
  gid_t gids[3];
  if (getresuid(&uids[0], &uids[1], &uids[2]) != 0) return false;
  if (getresgid(&gids[0], &gids[1], &gids[2]) != 0) return false;
  for (int i = 0; i < 3; ++i) {
    if (uids[i] != user.uid || gids[i] != user.gid) return false;
  }
  // Must fail. Where a kernel or a capability permits it, the session must not go on.
  return user.uid == 0 || (setuid(0) != 0 && seteuid(0) != 0);
}

// Dispositions and mask as a login gives them: systemd starts this process with SIGPIPE
// ignored, and ignored signals would reach every program.
void ResetSignals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

void Execute(const Service& service) {
  std::vector<std::string> arguments = service.arguments;
  arguments.insert(arguments.begin(), service.program.substr(service.program.rfind('/') + 1));
  execve(service.program.c_str(), Pointers(arguments).data(), Pointers(service.environment).data());
}

}  // namespace

sigset_t WaitedSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

void BecomeService(const Service& service, int gate, pid_t parent) {
  char byte;
  // The end of the pipe without a byte: the parent has ended.
  if (read(gate, &byte, 1) != 1) _exit(1);

  setsid();
  ResetSignals();
  if (!DropTo(service.user)) Fail(service, "cannot become the user");
  // After the change of user, which clears it.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);

  if (chdir(service.user.home.c_str()) != 0) (void)!chdir("/");
  if (access(service.program.c_str(), X_OK) != 0) Fail(service, service.program.c_str());
  if (service.connection != kServiceConnection &&
      dup2(service.connection, kServiceConnection) < 0) {
    Fail(service, "dup2");
  }
  fcntl(kServiceConnection, F_SETFD, 0);
  if (close_range(kServiceConnection + 1, ~0U, 0) != 0) Fail(service, "close_range");

  SendReply(kServiceConnection, {Result::kOk, "", service.user.uid, service.user.name});
  Execute(service);
  // The client has its "ok": it sees the connection end.
  fprintf(stderr, "<3>session: %s: %s\n", service.program.c_str(), strerror(errno));
  _exit(1);
}

int WaitForService(pid_t child) {
  // To kill(2), 0 and -1 are many processes; 1 is init.
  if (child <= 1) return -1;
  const sigset_t signals = WaitedSignals();
  const timespec patience{5, 0};
  bool ending = false;
  for (;;) {
    int status;
    if (waitpid(child, &status, WNOHANG) == child) return status;
    const int number = sigtimedwait(&signals, nullptr, ending ? &patience : nullptr);
    if (number == SIGCHLD || (number < 0 && errno == EINTR)) continue;
    kill(child, number < 0 ? SIGKILL : SIGTERM);
    ending = true;
  }
}

}  // namespace toolboxd::session
