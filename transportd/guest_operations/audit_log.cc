// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/audit_log.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/log.h"
#include "transportd/vix/strings.h"

namespace toolboxd {
namespace {

// The user's name without the characters that separate fields.
std::string ShowUser(absl::string_view user) {
  if (user.empty()) return "-";
  return absl::StrReplaceAll(vix::Escape(user), {{" ", "%20"}, {"=", "%3D"}, {"\n", "%0A"}});
}

std::string Line(const AuditedOperation& operation) {
  std::string target = vix::Escape(operation.target);
  if (target.size() > AuditLog::kMaxTarget) {
    target.resize(AuditLog::kMaxTarget);
    target += "...";
  }
  return absl::StrCat("guest operation user=", ShowUser(operation.user),
                      " operation=", operation.operation, " target=\"", target,
                      "\" result=", vix::Code(operation.result));
}

}  // namespace

void AuditLog::RecordLoggedIn(const AuditedOperation& operation) { LogNotice(Line(operation)); }

void AuditLog::RecordRefused(const AuditedOperation& operation) {
  const absl::string_view name = operation.kind.empty() ? operation.operation : operation.kind;
  const std::string kind =
      absl::StrCat("operation=", name, " result=", vix::Code(operation.result));
  const LogLimiter::Verdict verdict = limiter_.Ask(kind, clock_());
  if (!verdict.pass) return;
  LogNotice(Line(operation),
            verdict.suppressed == 0 ? "" : absl::StrCat(" suppressed_before=", verdict.suppressed));
}

void AuditLog::Maintain() {
  for (const LogLimiter::Suppressed& kind : limiter_.TakeSuppressed(clock_())) {
    LogNotice("guest operations refused before a login: ", kind.kind, " count=", kind.count);
  }
}

}  // namespace toolboxd
