// SPDX-License-Identifier: Apache-2.0

#include "session/service.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/close_on_exec.h"
#include "base/unique_fd.h"
#include "base/write_now.h"
#include "session/handshake.h"
#include "session/log_stream.h"

namespace toolboxd::session {
namespace {

using std::chrono::steady_clock;

void SendReply(int connection, const Reply& reply) {
  const std::string frame = EncodeReply(reply);
  // 1 KiB at most, on an empty socket: never partial.
  (void)!send(connection, frame.data(), frame.size(), MSG_NOSIGNAL);
}

// `log` is standard error as this process got it. For what fails after the reply: the client sees
// the connection end.
[[noreturn]] void Leave(const Service& service, int log, const char* step) {
  const int error = errno;
  WriteNow(log,
           LogPrefix(log, 3) + service.user.name + ": " + step + ": " + strerror(error) + "\n");
  _exit(1);
}

// Before the reply.
[[noreturn]] void Fail(const Service& service, int log, const char* step) {
  const int error = errno;
  SendReply(service.connection, {Result::kCannotStart, std::string(step) + ": " + strerror(error)});
  errno = error;
  Leave(service, log, step);
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

// Before the change of user. The parent's unit may need capabilities that the service must not
// have; the last one to go is the one that this takes.
bool DropCapabilities(const std::vector<int>& capabilities) {
  if (capabilities.empty()) return true;
  for (const int capability : capabilities) {
    if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return false;
  }
  return prctl(PR_CAPBSET_DROP, CAP_SETPCAP, 0, 0, 0) == 0;
}

// With the ids of a user for what the kernel asks now, and root's for signals: no process of the
// user's can stop this one. For the lifetime.
class AsUser {
 public:
  explicit AsUser(const User& user) : ok_(setegid(user.gid) == 0 && seteuid(user.uid) == 0) {}
  ~AsUser() {
    // As root, or not changed at all.
    if (seteuid(getuid()) != 0 || setegid(getgid()) != 0) _exit(1);
  }
  AsUser(const AsUser&) = delete;
  AsUser& operator=(const AsUser&) = delete;

  bool ok() const { return ok_; }

 private:
  const bool ok_;
};

// What is written to descriptors that root has opened would be root's word: the journal records
// who opened a stream. So, as the user: a stream of the user's own. Adds the variable that names
// it.
bool OpenOwnStreams(const Service& service, const std::string& identifier,
                    std::vector<std::string>& environment) {
  const AsUser as_user(service.user);
  if (!as_user.ok()) return false;
  const UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
  UniqueFd log;
  if (!service.journal.empty()) log.reset(OpenLogStream(service.journal, identifier));
  if (log.ok()) environment.push_back(JournalVariable(log.get()));
  const int output = log.ok() ? log.get() : null.get();
  return null.ok() && dup2(null.get(), 0) == 0 && dup2(output, 1) == 1 && dup2(output, 2) == 2;
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Removes the SELinux context that a PAM module has set for the next program.
void ForgetExecContext() {
  const UniqueFd attribute(open("/proc/thread-self/attr/exec", O_WRONLY | O_CLOEXEC));
  if (attribute.ok()) (void)!write(attribute.get(), "", 0);
}

// Returns only after a failure, with errno.
void Execute(const Service& service, const std::string& name,
             const std::vector<std::string>& environment) {
  std::vector<std::string> arguments = service.arguments;
  arguments.insert(arguments.begin(), name);
  const std::vector<char*> words = Pointers(arguments), variables = Pointers(environment);
  execve(service.program.c_str(), words.data(), variables.data());
  // SELinux may forbid a change of context under no_new_privs, which hgfsd's unit sets. The unit's
  // own context then stays.
  if ((errno == EACCES || errno == EPERM) && prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1) {
    ForgetExecContext();
    execve(service.program.c_str(), words.data(), variables.data());
  }
}

// For poll(2): rounded up; without a time -1, which waits without a limit.
int MillisecondsUntil(std::optional<steady_clock::time_point> time) {
  if (!time.has_value()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*time - steady_clock::now());
  return static_cast<int>(std::max<int64_t>(0, left.count()));
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

  // Close-on-exec: the service does not get it.
  const int log = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, kServiceConnection + 1);
  setsid();
  ResetSignals();
  if (!DropCapabilities(service.dropped_capabilities)) Fail(service, log, "PR_CAPBSET_DROP");
  const std::string name = service.program.substr(service.program.rfind('/') + 1);
  std::vector<std::string> environment = service.environment;
  if (access(service.program.c_str(), X_OK) != 0) Fail(service, log, service.program.c_str());
  if (!service.keeps_streams && !OpenOwnStreams(service, name, environment)) {
    Fail(service, log, "standard streams");
  }
  if (service.connection != kServiceConnection &&
      dup2(service.connection, kServiceConnection) < 0) {
    Fail(service, log, "dup2");
  }
  fcntl(kServiceConnection, F_SETFD, 0);
  // Not closed now: the log is needed until the program runs.
  if (!CloseOnExecFrom(kServiceConnection + 1)) {
    Fail(service, log, "/proc/self/fd");
  }

  // Before the user can do anything to this process: a login is waited for, and its place is not
  // counted, but a service that was stopped or whose home does not answer is one that hangs.
  SendReply(kServiceConnection, {Result::kOk, "", service.user.uid, service.user.name});
  if (!DropTo(service.user)) Leave(service, log, "cannot become the user");
  // After the change of user, which clears it.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(1);
  if (chdir(service.user.home.c_str()) != 0) (void)!chdir("/");
  Execute(service, name, environment);
  Leave(service, log, service.program.c_str());
}

int WaitForService(pid_t child, UniqueFd connection, std::chrono::milliseconds grace) {
  // To kill(2), 0 and -1 are many processes; 1 is init.
  if (child <= 1) return -1;
  const sigset_t set = WaitedSignals();
  const UniqueFd signals(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.ok()) return -1;
  // The next step: SIGTERM, or SIGKILL if it is ending.
  std::optional<steady_clock::time_point> due;
  bool ending = false;
  for (;;) {
    int status;
    if (waitpid(child, &status, WNOHANG) == child) return status;
    if (due.has_value() && steady_clock::now() >= *due) {
      if (ending) {
        // Without CAP_KILL, as in hgfsd's unit: systemd ends the rest of a unit that has ended.
        if (kill(child, SIGKILL) != 0 && errno == EPERM) return -1;
      } else {
        kill(child, SIGTERM);
        // A stopped process takes no signal before.
        kill(child, SIGCONT);
        ending = true;
      }
      due = steady_clock::now() + kTerminationTime;
    }
    pollfd items[] = {{signals.get(), POLLIN, 0}, {connection.get(), POLLRDHUP, 0}};
    poll(items, 2, MillisecondsUntil(due));
    signalfd_siginfo signal;
    while (read(signals.get(), &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo != SIGCHLD && !ending) due = steady_clock::now();
    }
    if (items[1].revents != 0) {
      connection.reset();
      if (!due.has_value()) due = steady_clock::now() + grace;
    }
  }
}

}  // namespace toolboxd::session
