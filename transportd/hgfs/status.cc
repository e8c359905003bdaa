// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/status.h"

namespace toolboxd::hgfs {
namespace {

struct ReasonAndStatus {
  v1::Reason reason;
  Status status;
};

// The first entry of a status is the reason that it goes back to.
constexpr ReasonAndStatus kReasons[] = {
    {v1::NOT_FOUND, Status::kNoSuchFile},
    {v1::ALREADY_EXISTS, Status::kFileExists},
    {v1::ACCESS_DENIED, Status::kAccessDenied},
    {v1::PERMISSION_DENIED, Status::kNotPermitted},
    {v1::NOT_A_DIRECTORY, Status::kNotADirectory},
    {v1::DIRECTORY_NOT_EMPTY, Status::kDirectoryNotEmpty},
    {v1::NAME_TOO_LONG, Status::kNameTooLong},
    {v1::NO_SPACE, Status::kNoSpace},
    {v1::BUSY, Status::kSharingViolation},
    {v1::INVALID_ARGUMENT, Status::kInvalidParameter},
    {v1::NOT_SUPPORTED, Status::kNotSupported},
    {v1::NOT_SAME_DEVICE, Status::kNotSameDevice},
    {v1::INVALID_UTF8, Status::kInvalidName},
    {v1::PARENT_NOT_FOUND, Status::kNoSuchFile},
    {v1::NO_SUCH_PROCESS, Status::kNoSuchFile},
    {v1::DISABLED_BY_POLICY, Status::kAccessDenied},
    {v1::FILE_TOO_BIG, Status::kNoSpace},
};

}  // namespace

Status FromReason(v1::Reason reason) {
  for (const ReasonAndStatus& entry : kReasons) {
    if (entry.reason == reason) return entry.status;
  }
  return Status::kGenericError;
}

v1::Reason ToReason(Status status) {
  for (const ReasonAndStatus& entry : kReasons) {
    if (entry.status == status) return entry.reason;
  }
  return v1::REASON_UNSPECIFIED;
}

Status FromStatusCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return Status::kSuccess;
    case absl::StatusCode::kNotFound:
      return Status::kNoSuchFile;
    case absl::StatusCode::kAlreadyExists:
      return Status::kFileExists;
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kUnauthenticated:
      return Status::kAccessDenied;
    case absl::StatusCode::kInvalidArgument:
      return Status::kInvalidParameter;
    case absl::StatusCode::kUnimplemented:
      return Status::kNotSupported;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
      return Status::kTransportError;
    default:
      return Status::kGenericError;
  }
}

}  // namespace toolboxd::hgfs
