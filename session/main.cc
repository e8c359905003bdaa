// SPDX-License-Identifier: Apache-2.0

// session: from a connection to a process of the authenticated user.
//
// Reads top-down: check the peer, greet it, read the request, log the user in, fork; the child
// becomes the service, the parent waits to close the PAM session.

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/unique_fd.h"
#include "base/user_name.h"
#include "base/utf8.h"
#include "base/write_now.h"
#include "session/confinement.h"
#include "session/handshake.h"
#include "session/log_stream.h"
#include "session/login.h"
#include "session/options.h"
#include "session/policy_check.h"
#include "session/receive.h"
#include "session/runtime_dir.h"
#include "session/scope.h"
#include "session/service.h"
#include "session/user.h"

namespace toolboxd::session {
namespace {

constexpr int kConnection = 3;

// Ends a root process whose PAM modules wait for a directory server without limit.
constexpr unsigned kLoginLimitSeconds = 120;

// Texts have names in them, as whoever logs in has typed them. No login waits for the journal.
void Log(int level, const std::string& text) {
  WriteNow(STDERR_FILENO, LogPrefix(STDERR_FILENO, level) + PrintableUtf8(text) + "\n");
}

void Send(const Reply& reply) {
  const std::string frame = EncodeReply(reply);
  (void)!send(kConnection, frame.data(), frame.size(), MSG_NOSIGNAL);
}

// A refusal is a normal end of this process. It leaves at once: transportd, which passes it on,
// gives every refusal the same time.
int Refuse(const Reply& reply, const std::string& user) {
  if (reply.result == Result::kCannotStart) Log(3, user + ": " + reply.text);
  Send(reply);
  return 0;
}

// How the caller proves which user it is.
enum class Proof {
  // By a password, which PAM checks.
  kPassword,
  // By its connection: the kernel reports the caller (--peer_login). PAM checks the account only.
  kPeer,
  // By its connection, where this process runs as the same user and not as root: PAM is not asked.
  kOwnProcess,
};

// Who calls, and what this process can do for it; decided once.
struct Mode {
  uid_t caller;
  // The user of this process.
  uid_t self;
  Proof proof;

  // Root can serve any user, another user only itself.
  bool is_root() const { return self == 0; }
};

Mode ModeFor(const Options& options, uid_t caller) {
  Mode mode{caller, geteuid(), options.peer_login ? Proof::kPeer : Proof::kPassword};
  if (!mode.is_root() && caller == mode.self && (options.peer_login || options.trust_own_user)) {
    mode.proof = Proof::kOwnProcess;
  }
  return mode;
}

// The user at the other end of the connection.
std::optional<uid_t> Caller() {
  ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(kConnection, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
  return peer.uid;
}

bool MayConnect(const Options& options, const Mode& mode) {
  if (options.peer_login || mode.caller == 0 || mode.caller == mode.self) return true;
  return std::find(options.allowed.begin(), options.allowed.end(), mode.caller) !=
         options.allowed.end();
}

std::optional<Request> Receive(const Options& options, ReceiveError& error) {
  ReceiveLimits limits;
  // Every user may connect there, and no caller keeps a spare connection.
  if (options.peer_login) limits.silence = limits.transfer;
  return ReceiveRequest(kConnection, limits, error);
}

bool IsService(const Options& options, const std::string& service) {
  return service == options.service || (service == kVerify && !options.peer_login);
}

// With --peer_login the kernel reports the caller; an empty name means the caller's own.
Reply CheckPeerUser(uid_t caller, std::string& user) {
  const std::optional<User> own = FindUser(caller);
  if (!own.has_value()) return {Result::kBadLogin, "the caller has no user name"};
  if (IsServiceUser(*own))
    return {Result::kAccountRefused, "a service of toolboxd has no sessions"};
  if (user.empty()) user = own->name;
  if (user == own->name || caller == 0) return {Result::kOk, ""};
  return {Result::kOnlyOwnUser, "a session of another user needs root"};
}

// Without root only the user of this process can be served.
Reply CheckOwnUser(uid_t self, const std::string& user) {
  const std::optional<User> own = FindUser(self);
  if (own.has_value() && own->name == user) return {Result::kOk, ""};
  return {Result::kOnlyOwnUser, "session does not run as root and serves only uid " +
                                    std::to_string(self) +
                                    (own.has_value() ? ", " + own->name : "")};
}

// Whether PAM may be asked about this name and password. libpam takes C strings of less than
// PAM_MAX_RESP_SIZE bytes.
bool IsLogin(const Request& request) {
  return CheckUserName(request.user) == UserNameCheck::kOk &&
         request.password.size() < PAM_MAX_RESP_SIZE &&
         request.password.find('\0') == std::string::npos;
}

// Whether the caller may name this user at all. Fills in the name that --peer_login leaves empty.
Reply CheckRequest(const Options& options, const Mode& mode, Request& request) {
  Reply reply{Result::kOk, ""};
  if (options.peer_login) reply = CheckPeerUser(mode.caller, request.user);
  if (reply.result == Result::kOk && !mode.is_root()) reply = CheckOwnUser(mode.self, request.user);
  if (reply.result != Result::kOk || IsLogin(request)) return reply;
  return {Result::kBadLogin, "unknown user or wrong password"};
}

Reply AuthenticateWithPam(const Mode& mode, Login& login, User& user) {
  Reply reply{Result::kOk, ""};
  if (mode.proof == Proof::kPassword) reply = login.Authenticate();
  if (reply.result == Result::kOk) reply = login.CheckAccount();
  if (reply.result == Result::kOk) reply = login.FindUser(user);
  if (!mode.is_root() && reply.result == Result::kCannotStart) {
    reply.text += " (not root: --trust_own_user does without PAM)";
  }
  return reply;
}

// What holds whatever PAM says, for the name that PAM settled on.
Reply CheckUser(const Options& options, const Mode& mode, const User& user) {
  if (IsServiceUser(user))
    return {Result::kAccountRefused, "a service of toolboxd has no sessions"};
  if (mode.proof != Proof::kPeer || !mode.is_root() || options.policy.empty()) {
    return {Result::kOk, ""};
  }
  std::string error;
  const PolicyCheck check{options.service_dir + "/transportd", options.policy};
  if (PolicyPermits(check, user.name, error)) return {Result::kOk, ""};
  return {Result::kAccountRefused, error};
}

Reply Authenticate(const Options& options, const Mode& mode, Login& login, User& user) {
  if (mode.proof == Proof::kOwnProcess) {
    user = *FindUser(mode.self);  // CheckOwnUser has found it.
    return {Result::kOk, ""};
  }
  const Reply reply = AuthenticateWithPam(mode, login, user);
  return reply.result == Result::kOk ? CheckUser(options, mode, user) : reply;
}

// Without a password a process of the caller's user is the caller's only if it can do no more than
// the caller can.
Reply CheckCaller(const Mode& mode) {
  if (mode.proof != Proof::kPeer || !mode.is_root()) return {Result::kOk, ""};
  const std::string found = FindConfinement(kConnection);
  if (found.empty()) return {Result::kOk, ""};
  return {Result::kAccountRefused,
          "a process in a sandbox gets no session, and the caller may be in one: " + found};
}

Service ServiceFor(const Options& options, const Mode& mode, Login& login, const User& user,
                   const std::string& runtime_dir) {
  Service service;
  service.program = options.service_dir + "/" + options.service;
  service.arguments = options.service_arguments;
  service.user = user;
  service.environment = Environment(user, login.Environment(), runtime_dir);
  service.connection = kConnection;
  service.keeps_streams = !mode.is_root();
  service.journal = options.journal;
  // The unit of local users' hgfsd has this one for FindConfinement().
  if (mode.is_root() && mode.proof == Proof::kPeer && options.service == kHgfsd) {
    service.dropped_capabilities = {CAP_SYS_PTRACE};
  }
  return service;
}

// Forks, releases the child when it is in its scope, and waits for its end.
int RunService(const Options& options, const Mode& mode, Login& login, const User& user) {
  std::string error, runtime_dir;
  // hgfsd keeps nothing.
  if (options.service == kVixd) {
    runtime_dir = MakeRuntimeDir({options.runtime_dir, mode.is_root() ? options.runtime_tmpfs : ""},
                                 user.uid, user.gid, error);
    if (runtime_dir.empty()) {
      Log(3, error);
      Send({Result::kCannotStart, "cannot make the runtime directory"});
      return 1;
    }
  }
  const Service service = ServiceFor(options, mode, login, user, runtime_dir);

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
  if (mode.is_root() && options.service == kVixd &&
      !MoveToScope({child, user, runtime_dir}, error)) {
    Log(6, "no scope for " + user.name + "'s programs: " + error);
  }
  (void)!write(gate[1], "", 1);
  close(gate[0]);
  close(gate[1]);
  const int status = WaitForService(child, UniqueFd(kConnection));
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

int Serve(const Options& options) {
  const std::optional<uid_t> caller = Caller();
  if (!caller.has_value()) {
    Log(3, "descriptor 3 is not a Unix connection; a socket unit starts this program");
    return 2;
  }
  const Mode mode = ModeFor(options, *caller);
  if (!MayConnect(options, mode)) {
    Log(4, "uid " + std::to_string(*caller) + " may not connect; --allow_uid permits it");
    return 1;
  }
  // At once, while the caller waits for its reply.
  const Reply caller_reply = CheckCaller(mode);

  (void)!send(kConnection, &kGreeting, 1, MSG_NOSIGNAL);
  ReceiveError error;
  std::optional<Request> request = Receive(options, error);
  if (error == ReceiveError::kClosed) return 0;
  if (!request.has_value()) {
    Send({Result::kCannotStart, error == ReceiveError::kMalformed
                                    ? "malformed request"
                                    : "the request did not arrive in time"});
    return 1;
  }

  if (!IsService(options, request->service)) {
    Send({Result::kUnknownService, "this socket serves " + options.service});
    return 0;
  }
  Reply reply = caller_reply;
  if (reply.result == Result::kOk) reply = CheckRequest(options, mode, *request);
  if (reply.result != Result::kOk) return Refuse(reply, "");

  const bool verify = request->service == kVerify;
  const std::string name = request->user;
  alarm(kLoginLimitSeconds);
  Login login(options.pam_service, mode.proof == Proof::kPassword ? kHypervisor : "", name,
              std::move(request->password));
  request.reset();
  User user;
  reply = Authenticate(options, mode, login, user);
  if (reply.result == Result::kOk && !verify && mode.is_root()) reply = login.Open(user);
  alarm(0);
  if (reply.result != Result::kOk) {
    // Whoever answers for a login that fails must find the reason. Local users could write any
    // number of such lines; the host's logins are limited by transportd.
    if (mode.proof == Proof::kPassword && !login.refusal().empty()) {
      Log(5, "login of " + name + " refused by PAM: " + login.refusal());
    }
    return Refuse(reply, name);
  }
  if (verify) {
    Send({Result::kOk, "", user.uid, user.name});
    return 0;
  }
  const int status = RunService(options, mode, login, user);
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
  switch (toolboxd::session::ParseOptions(argc, argv, options)) {
    case toolboxd::session::ParseResult::kExitSuccess:
      return 0;
    case toolboxd::session::ParseResult::kExitUsage:
      return 2;
    case toolboxd::session::ParseResult::kRun:
      break;
  }
  if (geteuid() != 0) toolboxd::session::Log(5, "not root: serves only the user that started it");
  return toolboxd::session::Serve(options);
}
