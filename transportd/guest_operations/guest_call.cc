// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/guest_call.h"

#include <errno.h>

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "base/log.h"
#include "base/status.h"

namespace toolboxd {
namespace {

// The payload of a status with a VIX error code.
constexpr absl::string_view kCodeUrl = "toolboxd/vix-code";

absl::Status StatusWithCode(vix::Error error, absl::string_view message) {
  absl::Status status(absl::StatusCode::kInvalidArgument, message);
  status.SetPayload(kCodeUrl, absl::Cord(absl::StrCat(vix::Code(error))));
  return status;
}

}  // namespace

vix::Error ErrorOf(const absl::Status& status) {
  if (status.ok()) return vix::Error::kOk;
  uint32_t code = 0;
  const absl::optional<absl::Cord> payload = status.GetPayload(kCodeUrl);
  if (payload.has_value() && absl::SimpleAtoi(std::string(*payload), &code)) {
    return static_cast<vix::Error>(code);
  }
  const v1::Reason reason = ReasonOf(status);
  const int os_error = OsErrorOf(status);
  if (reason == v1::PERMISSION_DENIED && os_error == EPERM) return vix::FromErrno(os_error);
  if (reason != v1::REASON_UNSPECIFIED || os_error != 0) return vix::FromReason(reason, os_error);
  return vix::FromStatusCode(status.code());
}

Outcome::Outcome(const absl::Status& status) : error(ErrorOf(status)) {}

void GuestCall::ReadCredential() {
  if (parsed_) return;
  credential_error_ =
      vix::ParseCredential(request_.credential_type, request_.credential, credential_);
  parsed_ = true;
}

absl::StatusOr<std::shared_ptr<UserSession>> GuestCall::LogIn(SessionService service) {
  ReadCredential();
  if (credential_error_ != vix::Error::kOk) {
    return StatusWithCode(credential_error_, "the credential is not accepted");
  }
  auto session = sessions_.Get(service, credential_.user, credential_.password);
  if (session.ok()) {
    user_ = (*session)->user;
    // Here again: PAM may know one user by many names.
    if (refuses_(user_)) {
      return MakeError(v1::BUSY, absl::StrCat("services of ", user_, " keep the host waiting"));
    }
    return session;
  }
  const absl::Status& status = session.status();
  if (ReasonOf(status) == v1::DISABLED_BY_POLICY) return status;
  switch (status.code()) {
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return StatusWithCode(vix::Error::kInvalidLoginCredentials, status.message());
    case absl::StatusCode::kFailedPrecondition:
      LogLimited("login", "the user ", credential_.user, " could not log in: ", status.message());
      return StatusWithCode(vix::Error::kInvalidLoginCredentials, status.message());
    default:
      LogLimited("login", "no session of ", SessionServiceName(service), " for the user ",
                 credential_.user, ": ", status.message());
      return status;
  }
}

}  // namespace toolboxd
