// SPDX-License-Identifier: Apache-2.0

// GuestCall: one guest operation while it runs.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_GUEST_CALL_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_GUEST_CALL_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "transportd/sessions/session_pool.h"
#include "transportd/vix/credential.h"
#include "transportd/vix/error.h"
#include "transportd/vix/message.h"

namespace toolboxd {

// The result of an operation: an error code, and text or a packet for the host.
struct Outcome {
  Outcome(vix::Error error) : error(error) {}                 // NOLINT: as in `return error;`.
  Outcome(std::string result) : result(std::move(result)) {}  // NOLINT
  Outcome(vix::Error error, std::string result) : error(error), result(std::move(result)) {}
  // A failure of a call or a login; see ErrorOf().
  Outcome(const absl::Status& status);  // NOLINT

  vix::Error error = vix::Error::kOk;
  std::string result;
};

// The code of a failed call or login. EPERM of the kernel is kFileAccessError, as in vmtoolsd,
// although its reason is PERMISSION_DENIED.
vix::Error ErrorOf(const absl::Status& status);

// Holds the request, and the credential while the operation runs. Not thread-safe.
class GuestCall {
 public:
  // Whether the user that PAM settled on is refused for now.
  using Refuses = std::function<bool(const std::string& user)>;

  // Both must outlive this object.
  GuestCall(const vix::Request& request, SessionPool* sessions, Refuses refuses)
      : request_(request), sessions_(*sessions), refuses_(std::move(refuses)) {}

  const vix::Request& request() const { return request_; }
  absl::string_view body() const { return request_.body; }

  // The user's session for a service, if the credential is well-formed, PAM accepts it, the policy
  // permits the user that PAM settled on, and the user is not refused (BUSY).
  absl::StatusOr<std::shared_ptr<UserSession>> LogIn(SessionService service);

  // Decodes the credential without logging in, so that user() is known.
  void ReadCredential();

  // Whether LogIn() has succeeded.
  bool logged_in() const { return !user_.empty(); }
  // After a login the user that PAM settled on. Before, the name in the credential, which anyone
  // may have written; empty before LogIn() or ReadCredential(), and without a credential.
  const std::string& user() const { return logged_in() ? user_ : credential_.user; }

  // What the operation works on, such as a path, for the audit record.
  void set_target(absl::string_view target) { target_ = std::string(target); }
  const std::string& target() const { return target_; }

 private:
  const vix::Request& request_;
  SessionPool& sessions_;
  const Refuses refuses_;
  vix::Credential credential_;
  std::string user_;
  bool parsed_ = false;
  vix::Error credential_error_ = vix::Error::kOk;
  std::string target_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_GUEST_CALL_H_
