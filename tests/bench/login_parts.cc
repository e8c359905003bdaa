// SPDX-License-Identifier: Apache-2.0

#include "tests/bench/login_parts.h"

#include <fcntl.h>
#include <security/pam_appl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "session/client.h"
#include "tests/bench/guest.h"
#include "transportd/guest_operations/audit_log.h"
#include "transportd/sessions/session_channel.h"

namespace toolboxd::bench {
namespace {

constexpr int kConnection = 3;
constexpr absl::Duration kPatience = absl::Seconds(30);

// In the order in which they are printed.
constexpr double LoginParts::*kParts[] = {&LoginParts::pam_check_ms, &LoginParts::pam_ms,
                                          &LoginParts::verify_ms,    &LoginParts::session_ms,
                                          &LoginParts::vixd_ms,      &LoginParts::hgfsd_ms,
                                          &LoginParts::audit_ms};

int AnswerWithPassword(int count, const pam_message**, pam_response** responses, void* password) {
  *responses = static_cast<pam_response*>(calloc(static_cast<size_t>(count), sizeof(pam_response)));
  for (int i = 0; i < count; ++i) {
    (*responses)[i].resp = strdup(static_cast<const std::string*>(password)->c_str());
  }
  return PAM_SUCCESS;
}

// Whether PAM accepts. Fills in the first two parts.
bool TimePam(const std::string& user, std::string password, LoginParts& parts) {
  const absl::Time begin = absl::Now();
  const pam_conv conversation{AnswerWithPassword, &password};
  pam_handle_t* pam = nullptr;
  int code = pam_start("toolboxd", user.c_str(), &conversation, &pam);
  if (code == PAM_SUCCESS) code = pam_authenticate(pam, PAM_SILENT);
  if (code == PAM_SUCCESS) code = pam_acct_mgmt(pam, PAM_SILENT);
  parts.pam_check_ms = absl::ToDoubleMilliseconds(absl::Now() - begin);
  if (code == PAM_SUCCESS) code = pam_setcred(pam, PAM_ESTABLISH_CRED | PAM_SILENT);
  if (code == PAM_SUCCESS) code = pam_open_session(pam, PAM_SILENT);
  parts.pam_ms = absl::ToDoubleMilliseconds(absl::Now() - begin);
  if (code != PAM_SUCCESS) {
    std::fprintf(stderr, "bench: PAM for %s: %s\n", user.c_str(), pam_strerror(pam, code));
    return false;
  }
  pam_close_session(pam, PAM_SILENT);
  pam_end(pam, PAM_SUCCESS);
  return true;
}

// In a child, which has loaded no module yet.
bool TimePamInChild(const std::string& user, const std::string& password, LoginParts& parts) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  const pid_t child = fork();
  if (child == 0) {
    const bool ok = TimePam(user, password, parts);
    if (ok) (void)!write(ends[1], &parts, sizeof parts);
    _exit(ok ? 0 : 1);
  }
  close(ends[1]);
  const bool complete = read(ends[0], &parts, sizeof parts) == sizeof parts;
  close(ends[0]);
  waitpid(child, nullptr, 0);
  return complete;
}

// A session of its own, which is at the other end of `socket` and waits for a request.
class WaitingSession {
 public:
  WaitingSession(const std::string& folder, const std::string& service) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
      Require(absl::InternalError("socketpair"), service);
    }
    socket_ = UniqueFd(ends[0]);
    const UniqueFd other(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    // Where a socket unit puts the connection.
    posix_spawn_file_actions_adddup2(&actions, other.get(), kConnection);
    // It would say of each user that there is no system bus.
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::string program = folder + "/session", name = service;
    char* const arguments[] = {program.data(), name.data(), nullptr};
    const int error =
        posix_spawn(&process_, program.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) Require(absl::InternalError("does not start"), program);
    Require(session::AwaitGreeting(socket_.get(), absl::Now() + kPatience).status(), "greeting");
  }
  WaitingSession(const WaitingSession&) = delete;
  WaitingSession& operator=(const WaitingSession&) = delete;
  ~WaitingSession() {
    socket_.reset();
    waitpid(process_, nullptr, 0);
  }

  // Whoever has what Release() returns closes it.
  int socket() const { return socket_.get(); }
  int Release() { return socket_.release(); }

 private:
  UniqueFd socket_;
  pid_t process_ = 0;
};

double VerifyMilliseconds(const std::string& folder, const std::string& user,
                          const std::string& password) {
  const WaitingSession session(folder, "vixd");
  const absl::Time begin = absl::Now();
  Require(session::RequestSession(session.socket(), "verify", user, password, begin + kPatience)
              .status(),
          "verify");
  return absl::ToDoubleMilliseconds(absl::Now() - begin);
}

// The first reply is of gRPC's health service. `login_ms` is until session's own reply.
double FirstReplyMilliseconds(const std::string& folder, const std::string& service,
                              const std::string& user, const std::string& password,
                              double* login_ms = nullptr) {
  WaitingSession session(folder, service);
  const absl::Time begin = absl::Now();
  Require(session::RequestSession(session.socket(), service, user, password, begin + kPatience)
              .status(),
          service);
  if (login_ms != nullptr) *login_ms = absl::ToDoubleMilliseconds(absl::Now() - begin);
  const auto stub = grpc::health::v1::Health::NewStub(MakeSessionChannel(session.Release()));
  grpc::ClientContext context;
  grpc::health::v1::HealthCheckResponse reply;
  const grpc::Status status = stub->Check(&context, {}, &reply);
  if (!status.ok()) Require(absl::InternalError(status.error_message()), service);
  return absl::ToDoubleMilliseconds(absl::Now() - begin);
}

// The log is a stream socket, as the journal's is.
double AuditMilliseconds(const std::string& user) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    Require(absl::InternalError("socketpair"), "log");
  }
  const UniqueFd journal(ends[0]), log(ends[1]), before(dup(STDERR_FILENO));
  dup2(log.get(), STDERR_FILENO);
  AuditLog audit;
  const absl::Time begin = absl::Now();
  audit.RecordLoggedIn({"ReadEnvironmentVariableInGuest", user, "HOME"});
  const absl::Duration time = absl::Now() - begin;
  dup2(before.get(), STDERR_FILENO);
  return absl::ToDoubleMilliseconds(time);
}

double Median(std::vector<LoginParts>& parts, double LoginParts::*member) {
  std::sort(parts.begin(), parts.end(),
            [member](const auto& a, const auto& b) { return a.*member < b.*member; });
  return parts[parts.size() / 2].*member;
}

}  // namespace

int MeasureLoginParts(const std::string& program_folder, const std::vector<std::string>& users,
                      const std::string& password) {
  std::vector<LoginParts> all;
  for (const std::string& user : users) {
    LoginParts parts;
    if (!TimePamInChild(user, password, parts)) return 1;
    parts.verify_ms = VerifyMilliseconds(program_folder, user, password);
    parts.vixd_ms =
        FirstReplyMilliseconds(program_folder, "vixd", user, password, &parts.session_ms);
    parts.hgfsd_ms = FirstReplyMilliseconds(program_folder, "hgfsd", user, password);
    parts.audit_ms = AuditMilliseconds(user);
    all.push_back(parts);
  }
  if (all.empty()) return 2;
  for (double LoginParts::*const part : kParts) std::printf("%.3f ", Median(all, part));
  std::printf("\n");
  return 0;
}

LoginParts ParseLoginParts(const std::vector<std::string>& numbers) {
  LoginParts parts;
  bool ok = numbers.size() == std::size(kParts);
  for (size_t i = 0; ok && i < numbers.size(); ++i) {
    ok = absl::SimpleAtod(numbers[i], &(parts.*kParts[i]));
  }
  if (!ok) Require(absl::InvalidArgumentError("not what login parts are"), "numbers");
  return parts;
}

}  // namespace toolboxd::bench
