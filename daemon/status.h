// Errors: absl::Status inside a process, grpc::Status between processes.
//
// The reason of a failure (toolboxd.v1.Reason) and the errno behind it travel with both: as
// a payload of the absl::Status, as the serialized toolboxd.v1.ErrorDetail in
// grpc::Status::error_details. All functions are pure and thread-safe.

#ifndef TOOLBOXD_DAEMON_STATUS_H_
#define TOOLBOXD_DAEMON_STATUS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpcpp/support/status.h"
#include "toolboxd/v1/errors.pb.h"

namespace toolboxd {

// An error for a reason; the canonical code follows from it. os_error is the errno of the
// failed system call, 0 if none failed.
absl::Status MakeError(v1::Reason reason, absl::string_view message, int os_error = 0);

// A failed system call: "WHAT: TEXT OF ERRNO", with the reason that the errno stands for.
absl::Status ErrnoError(int error, absl::string_view what);

// The reason that an errno stands for; IO_ERROR for one without a better name.
v1::Reason ReasonOfErrno(int error);

// REASON_UNSPECIFIED where the status is ok or carries no detail that can be read.
v1::Reason ReasonOf(const absl::Status& status);

// 0 where there is none.
int OsErrorOf(const absl::Status& status);

// Both directions keep code, message and detail. A gRPC code outside 0..16 becomes UNKNOWN;
// details that are no ErrorDetail are dropped.
grpc::Status ToGrpc(const absl::Status& status);
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_STATUS_H_
