// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/error.h"

#include <errno.h>

namespace toolboxd::vix {
namespace {

struct ReasonAndError {
  v1::Reason reason;
  Error error;
};

constexpr ReasonAndError kReasons[] = {
    {v1::NOT_FOUND, Error::kFileNotFound},
    {v1::ALREADY_EXISTS, Error::kFileAlreadyExists},
    {v1::ACCESS_DENIED, Error::kFileAccessError},
    {v1::NOT_A_FILE, Error::kNotAFile},
    {v1::NOT_A_DIRECTORY, Error::kNotADirectory},
    {v1::DIRECTORY_NOT_EMPTY, Error::kDirectoryNotEmpty},
    {v1::NAME_TOO_LONG, Error::kFileNameTooLong},
    {v1::NO_SPACE, Error::kDiskFull},
    {v1::BUSY, Error::kObjectIsBusy},
    {v1::INVALID_ARGUMENT, Error::kInvalidArgument},
    {v1::NO_SUCH_PROCESS, Error::kNoSuchProcess},
    {v1::PROGRAM_NOT_STARTED, Error::kProgramNotStarted},
    {v1::PERMISSION_DENIED, Error::kGuestUserPermissions},
    {v1::PARENT_NOT_FOUND, Error::kFileNameInvalid},
    {v1::FILE_TOO_BIG, Error::kFileTooBig},
    {v1::OUT_OF_MEMORY, Error::kOutOfMemory},
    {v1::IO_ERROR, Error::kFileError},
    {v1::NOT_SUPPORTED, Error::kOpNotSupportedOnGuest},
    {v1::INVALID_UTF8, Error::kInvalidUtf8},
    {v1::DISABLED_BY_POLICY, Error::kOperationDisabled},
    // vmtoolsd's codes for these two say less than the reason.
    {v1::IS_A_SYMLINK, Error::kInvalidArgument},
    {v1::NOT_SAME_DEVICE, Error::kFail},
};

}  // namespace

Error FromErrno(int os_error) {
  switch (os_error) {
    case 0:
      return Error::kOk;
    case EPERM:
    case EACCES:
      return Error::kFileAccessError;
    case EAGAIN:
    case EBUSY:
      return Error::kObjectIsBusy;
    case EEXIST:
      return Error::kFileAlreadyExists;
    case EFBIG:
      return Error::kFileTooBig;
    case ENOTEMPTY:
      return Error::kDirectoryNotEmpty;
    case ENOTDIR:
      return Error::kNotADirectory;
    case EISDIR:
      return Error::kNotAFile;
    case ENOENT:
    case ENODEV:
      return Error::kFileNotFound;
    case ENOSPC:
      return Error::kDiskFull;
    case ESRCH:
      return Error::kNoSuchProcess;
    case ENAMETOOLONG:
      return Error::kFileNameTooLong;
    case EINVAL:
    case EMSGSIZE:
      return Error::kInvalidArgument;
    case ENOMEM:
    case ELOOP:
      return Error::kOutOfMemory;
    case EIO:
    case EMFILE:
    case ENFILE:
    case EMLINK:
    case EROFS:
    case ETIMEDOUT:
    case ENOBUFS:
      return Error::kFileError;
    default:
      return Error::kFail;
  }
}

Error FromReason(v1::Reason reason, int os_error) {
  for (const ReasonAndError& entry : kReasons) {
    if (entry.reason == reason) return entry.error;
  }
  return os_error != 0 ? FromErrno(os_error) : Error::kFail;
}

Error FromStatusCode(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return Error::kOk;
    case absl::StatusCode::kNotFound:
      return Error::kFileNotFound;
    case absl::StatusCode::kAlreadyExists:
      return Error::kFileAlreadyExists;
    case absl::StatusCode::kPermissionDenied:
      return Error::kFileAccessError;
    case absl::StatusCode::kInvalidArgument:
      return Error::kInvalidArgument;
    case absl::StatusCode::kUnimplemented:
      return Error::kOpNotSupportedOnGuest;
    case absl::StatusCode::kDeadlineExceeded:
      return Error::kObjectIsBusy;
    case absl::StatusCode::kUnavailable:
      return Error::kToolsNotRunning;
    case absl::StatusCode::kUnauthenticated:
      return Error::kInvalidLoginCredentials;
    case absl::StatusCode::kCancelled:
      return Error::kCancelled;
    default:
      return Error::kFail;
  }
}

}  // namespace toolboxd::vix
