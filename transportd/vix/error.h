// SPDX-License-Identifier: Apache-2.0

// VIX error codes and what becomes one: the only place where guest operations' failures
// are translated (docs/protocol/vix.md 4.9).

#ifndef TOOLBOXD_TRANSPORTD_VIX_ERROR_H_
#define TOOLBOXD_TRANSPORTD_VIX_ERROR_H_

#include <cstdint>

#include "absl/status/status.h"
#include "toolboxd/v1/errors.pb.h"

namespace toolboxd::vix {

// The first number of every reply. Values are VMware's.
enum class Error : uint32_t {
  kOk = 0,
  kFail = 1,
  kOutOfMemory = 2,
  kInvalidArgument = 3,
  kFileNotFound = 4,
  kObjectIsBusy = 5,
  kNotSupported = 6,
  kFileError = 7,
  kDiskFull = 8,
  kCancelled = 10,
  kFileReadOnly = 11,
  kFileAlreadyExists = 12,
  kFileAccessError = 13,
  kFileTooBig = 21,
  kFileNameInvalid = 22,
  kInvalidUtf8 = 27,
  kAuthenticationFail = 35,
  kOpNotSupportedOnGuest = 3003,
  kProgramNotStarted = 3004,
  kGuestUserPermissions = 3015,
  kToolsNotRunning = 3016,
  kUnrecognizedCommand = 3025,
  kInvalidLoginCredentials = 3050,
  kInvalidMessageHeader = 10000,
  kInvalidMessageBody = 10001,
  kNotAFile = 20001,
  kNotADirectory = 20002,
  kNoSuchProcess = 20003,
  kFileNameTooLong = 20004,
  kOperationDisabled = 20005,
  kDirectoryNotEmpty = 20006,
};

inline uint32_t Code(Error error) { return static_cast<uint32_t>(error); }

// errno of a failed system call; 0 is kOk and an unlisted one kFail.
Error FromErrno(int os_error);

// A service's reason. REASON_UNSPECIFIED is decided by `os_error`, where that is not 0,
// and is kFail otherwise.
Error FromReason(v1::Reason reason, int os_error);

// A failure without a reason: of gRPC itself, or of a handler that gives none. A service
// that did not answer in time is kObjectIsBusy, one that is gone kToolsNotRunning.
Error FromStatusCode(absl::StatusCode code);

}  // namespace toolboxd::vix

#endif  // TOOLBOXD_TRANSPORTD_VIX_ERROR_H_
