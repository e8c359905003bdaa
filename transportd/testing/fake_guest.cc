// SPDX-License-Identifier: Apache-2.0

#include "transportd/testing/fake_guest.h"

#include <sys/socket.h>

#include <cstdlib>
#include <functional>
#include <utility>
#include <vector>

#include "transportd/vix/credential.h"
#include "transportd/vix/testing/host_messages.h"

namespace toolboxd::testing {

FakeGuest::FakeGuest()
    : hgfsd_host_(std::make_unique<ServiceHost>(
          std::vector<grpc::Service*>{hgfsd.files(), hgfsd.handler()})),
      vixd_host_(std::make_unique<ServiceHost>(std::vector<grpc::Service*>{&vixd, &function})) {
  Restart(Options());
}

GuestOperationsOptions FakeGuest::Options() {
  GuestOperationsOptions options;
  options.policy_file = "/nonexistent/policy.textproto";
  options.routes_directory = "/nonexistent/routes.d";
  options.timeout = absl::Milliseconds(400);
  options.long_timeout = absl::Milliseconds(800);
  options.functions.directory = "/tmp";
  // Refusals take no time here, and the machine that runs the tests may be busy.
  options.sessions.login_time = absl::Milliseconds(900);
  options.sessions.wait_until = [](absl::Time) {};
  return options;
}

uid_t FakeGuest::Uid(absl::string_view name) {
  return 1000 + static_cast<uid_t>(std::hash<std::string>()(std::string(name)) % 10000);
}

void FakeGuest::Restart(GuestOperationsOptions options) {
  SessionOpener opener;
  opener.connect = [this](SessionService, absl::Time) -> absl::StatusOr<int> {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) std::abort();
    absl::MutexLock lock(&mutex_);
    waiting_[ends[0]] = UniqueFd(ends[1]);
    return ends[0];
  };
  opener.await_greeting = [](int, absl::Time) { return UniqueFd(); };
  opener.request = [this](int connection, SessionService service, bool verify,
                          absl::string_view user, absl::string_view password,
                          absl::Time) -> absl::StatusOr<session::SessionUser> {
    absl::MutexLock lock(&mutex_);
    UniqueFd end = std::move(waiting_[connection]);
    waiting_.erase(connection);
    if (!verify) ++logins;
    const auto known = passwords.find(std::string(user));
    if (known == passwords.end() || known->second != password) {
      return absl::UnauthenticatedError("wrong");
    }
    const auto canonical = canonical_names.find(known->first);
    const std::string& name = canonical == canonical_names.end() ? known->first : canonical->second;
    const session::SessionUser result = {Uid(name), name};
    if (verify) return result;
    const auto own = own_hosts.find(known->first);
    ServiceHost& fake = service == SessionService::kHgfsd ? *hgfsd_host_ : *vixd_host_;
    (own != own_hosts.end() ? *own->second : fake).Serve(end.release());
    return result;
  };
  operations_ = std::make_unique<GuestOperations>(std::move(opener), std::move(options));
}

uint32_t FakeGuest::Send(uint32_t opcode, absl::string_view body, const std::string& user,
                         const std::string& password, bool binary) {
  vix::Request request;
  request.opcode = opcode;
  request.body = body;
  const std::string credential = vix::EncodeNamePassword(user, password);
  request.credential_type = vix::kCredentialNamePassword;
  request.credential = credential;
  if (binary) request.common_flags |= vix::kFlagReturnsBinary;
  return SendRaw(request);
}

uint32_t FakeGuest::SendRaw(vix::Request request) {
  const TcloReply answer = operations_->RunVix(vix::EncodeRelayedCommand(request));
  vix::Reply reply;
  if (!answer.ok || !vix::ParseReply(answer.data, reply)) std::abort();
  result_ = std::string(reply.result);
  had_deferred_work_ = answer.after_reply != nullptr;
  if (had_deferred_work_) answer.after_reply();
  return reply.error;
}

}  // namespace toolboxd::testing
