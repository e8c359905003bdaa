// SPDX-License-Identifier: Apache-2.0

// AuditLog: a line for each guest operation.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_AUDIT_LOG_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_AUDIT_LOG_H_

#include <cstddef>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/log_limiter.h"
#include "base/steady_time.h"
#include "transportd/vix/error.h"

namespace toolboxd {

// One operation. Text from outside, which is escaped in the line; content is never logged.
struct AuditedOperation {
  // A name of operation/operation.h, or "Opcode" and a number.
  absl::string_view operation;
  absl::string_view user;
  // What it works on, such as a path.
  absl::string_view target;
  vix::Error result = vix::Error::kOk;
  // What is counted together: a constant of the program. Empty: the operation is one.
  absl::string_view kind = "";
};

// Operations of users who are logged in have a line each. What is refused before a login costs its
// sender nothing, and has one line for each operation and result a minute, with the number of those
// that were suppressed: no flood of requests crowds out a line that matters. Not thread-safe.
class AuditLog {
 public:
  // Bytes of a target: a line of the log has 4 KiB, and the result must fit too.
  static constexpr size_t kMaxTarget = 3000;

  explicit AuditLog(std::function<absl::Time()> clock = SteadyNow) : clock_(std::move(clock)) {}

  void RecordLoggedIn(const AuditedOperation& operation);
  void RecordRefused(const AuditedOperation& operation);

  // Logs the numbers whose minute is over. To be called every few seconds.
  void Maintain();

 private:
  const std::function<absl::Time()> clock_;
  LogLimiter limiter_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_AUDIT_LOG_H_
