// SPDX-License-Identifier: Apache-2.0

// Errors inside a process: absl::Status with a reason.
//
// The reason of a failure (toolboxd.v1.Reason) and the errno of the system call that failed
// travel as a toolboxd.v1.ErrorDetail in the payload of the status. daemon/grpc_status.h carries
// them between processes. All functions are pure and thread-safe.

#ifndef TOOLBOXD_BASE_STATUS_H_
#define TOOLBOXD_BASE_STATUS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
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

// The serialized toolboxd.v1.ErrorDetail; empty where the status carries none.
std::string SerializedDetailOf(const absl::Status& status);

// Adds a serialized toolboxd.v1.ErrorDetail to a failure. Bytes that are not one are discarded.
void SetSerializedDetail(absl::string_view bytes, absl::Status& status);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_STATUS_H_
