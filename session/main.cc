// SPDX-License-Identifier: Apache-2.0

// session: from a connection to a process of the authenticated user.
//
// Reads top-down: check the peer, read the request, log the user in, fork; the child
// becomes the service, the parent waits to close the PAM session.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/user_name.h"
#include "session/handshake.h"
#include "session/login.h"
#include "session/options.h"
#include "session/receive.h"
#include "session/runtime_dir.h"
#include "session/scope.h"
#include "session/service.h"
#include "session/user.h"

namespace toolboxd::session {
namespace {

constexpr int kConnection = 3;

// PAM modules that wait for a directory server must not hold a root process for ever.
constexpr unsigned kLoginLimitSeconds = 120;

void Log(int level, const std::string& text) {
  fprintf(stderr, "<%d>session: %s\n", level, text.c_str());
}

// Refusals leave at the next multiple of half a second after the request, more than a password
// hash takes, so that their time does not tell whether one was computed.
class RefusalClock {
 public:
  RefusalClock() { clock_gettime(CLOCK_MONOTONIC, &start_); }

  void Wait() const {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    const int64_t passed = (now.tv_sec - start_.tv_sec) * kSecond + (now.tv_nsec - start_.tv_nsec);
    const int64_t answer = start_.tv_nsec + (passed / kStep + 1) * kStep;
    const timespec until{start_.tv_sec + answer / kSecond, answer % kSecond};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
    }
  }

 private:
  static constexpr int64_t kSecond = 1'000'000'000;
  static constexpr int64_t kStep = kSecond / 2;
  timespec start_;
};

void Send(const Reply& reply) {
  const std::string frame = EncodeReply(reply);
  (void)!send(kConnection, frame.data(), frame.size(), MSG_NOSIGNAL);
}

// A refusal is a normal end of this process.
int Refuse(const Reply& reply, const RefusalClock& clock, const std::string& user) {
  if (reply.result == Result::kCannotStart) Log(3, user + ": " + reply.text);
  clock.Wait();
  Send(reply);
  return 0;
}

bool MayConnect(const Options& options, uid_t peer) {
  if (options.peer_login || peer == 0 || peer == geteuid()) return true;
  return std::find(options.allowed.begin(), options.allowed.end(), peer) != options.allowed.end();
}

bool IsService(const Options& options, const std::string& service) {
  return service == options.service || (service == kVerify && !options.peer_login);
}

// With --peer_login the kernel says who asks: an empty name means the caller.
Reply CheckPeerUser(uid_t peer, std::string* user) {
  const std::optional<User> caller = FindUser(peer);
  if (!caller.has_value()) return {Result::kBadLogin, "the caller has no user name"};
  if (user->empty()) *user = caller->name;
  if (*user == caller->name || peer == 0) return {Result::kOk, ""};
  return {Result::kOnlyOwnUser, "a session of another user needs root"};
}

// Without root only the user of this process can be served.
Reply CheckOwnUser(const std::string& user) {
  const std::optional<User> self = FindUser(geteuid());
  if (self.has_value() && self->name == user) return {Result::kOk, ""};
  return {Result::kOnlyOwnUser, "session does not run as root and serves only " +
                                    (self.has_value() ? self->name : "nobody")};
}

Reply LogIn(const Options& options, uid_t peer, bool vouched, Login& login, User* user) {
  const bool root = geteuid() == 0;
  if (!root && vouched && peer == geteuid()) {
    *user = *FindUser(geteuid());
    return {Result::kOk, ""};
  }
  Reply reply{Result::kOk, ""};
  if (!options.peer_login) reply = login.Authenticate();
  if (reply.result == Result::kOk) reply = login.CheckAccount();
  if (reply.result == Result::kOk) reply = login.FindUser(user);
  if (!root && reply.result == Result::kCannotStart) {
    reply.text += " (not root: --trust_own_user does without PAM)";
  }
  return reply;
}

// Forks, lets the child go when it is where it belongs, and waits.
int RunService(const Options& options, Login& login, const User& user) {
  Service service{options.service_dir + "/" + options.service,
                  options.service_arguments,
                  user,
                  {},
                  kConnection};
  std::string error;
  const std::string runtime_dir = MakeRuntimeDir(options.runtime_dir, user.uid, user.gid, &error);
  if (runtime_dir.empty()) {
    Log(3, error);
    Send({Result::kCannotStart, "cannot make the runtime directory"});
    return 1;
  }
  service.environment = Environment(user, login.Environment(), runtime_dir);

  int gate[2];
  const sigset_t signals = WaitedSignals();
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const pid_t parent = getpid();
  const pid_t child = pipe2(gate, O_CLOEXEC) == 0 ? fork() : -1;
  if (child < 0) {
    Send({Result::kCannotStart, strerror(errno)});
    return 1;
  }
  if (child == 0) {
    close(gate[1]);
    BecomeService(service, gate[0], parent);
  }
  // hgfsd starts no programs: its unit may end all of it.
  if (geteuid() == 0 && options.service == kVixd && !MoveToScope(child, user, &error)) {
    Log(6, "no scope for " + user.name + "'s programs: " + error);
  }
  (void)!write(gate[1], "", 1);
  close(gate[0]);
  close(gate[1]);
  close(kConnection);
  const int status = WaitForService(child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

int Serve(const Options& options) {
  ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(kConnection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    Log(3, "descriptor 3 is not a Unix connection; a socket unit starts this program");
    return 2;
  }
  if (!MayConnect(options, peer.uid)) {
    Log(4, "uid " + std::to_string(peer.uid) + " may not connect (--allow_uid)");
    return 1;
  }

  ReceiveLimits limits;
  // Anybody may connect there; nobody keeps a spare one.
  if (options.peer_login) limits.silence = limits.transfer;
  ReceiveError error;
  std::optional<Request> request = ReceiveRequest(kConnection, limits, &error);
  if (error == ReceiveError::kClosed) return 0;
  if (!request.has_value()) {
    Send({Result::kCannotStart, error == ReceiveError::kMalformed
                                    ? "malformed request"
                                    : "the request did not arrive in time"});
    return 1;
  }

  const RefusalClock clock;
  if (!IsService(options, request->service)) {
    Send({Result::kUnknownService, "this socket serves " + options.service});
    return 0;
  }
  Reply reply{Result::kOk, ""};
  if (options.peer_login) reply = CheckPeerUser(peer.uid, &request->user);
  if (reply.result == Result::kOk && geteuid() != 0) reply = CheckOwnUser(request->user);
  if (reply.result != Result::kOk) return Refuse(reply, clock, "");
  // libpam takes at most 512 bytes, and C strings.
  if (CheckUserName(request->user) != UserNameCheck::kOk ||
      request->password.size() >= PAM_MAX_RESP_SIZE ||
      request->password.find('\0') != std::string::npos) {
    return Refuse({Result::kBadLogin, "unknown user or wrong password"}, clock, "");
  }

  const bool verify = request->service == kVerify;
  const std::string name = request->user;
  alarm(kLoginLimitSeconds);
  Login login(options.pam_service, name, std::move(request->password));
  request.reset();
  User user;
  const bool vouched = options.peer_login || options.trust_own_user;
  reply = LogIn(options, peer.uid, vouched, login, &user);
  if (reply.result == Result::kOk && !verify && geteuid() == 0) reply = login.Open(user);
  alarm(0);
  if (reply.result != Result::kOk) return Refuse(reply, clock, name);
  if (verify) {
    Send(reply);
    return 0;
  }
  const int status = RunService(options, login, user);
  login.Close();
  return status;
}

}  // namespace
}  // namespace toolboxd::session

int main(int argc, char** argv) {
  // No core file and no ptrace: a password passes through this memory.
  prctl(PR_SET_DUMPABLE, 0);
  // What a login starts with; pam_umask may change it.
  umask(022);
  toolboxd::session::Options options;
  switch (toolboxd::session::ParseOptions(argc, argv, &options)) {
    case toolboxd::session::ParseResult::kExitSuccess:
      return 0;
    case toolboxd::session::ParseResult::kExitUsage:
      return 2;
    case toolboxd::session::ParseResult::kRun:
      break;
  }
  if (geteuid() != 0) {
    fprintf(stderr, "<5>session: not root: serves only the user that started it\n");
  }
  return toolboxd::session::Serve(options);
}
