// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/error.h"

#include <errno.h>

#include <map>

#include "gtest/gtest.h"

namespace toolboxd::vix {
namespace {

TEST(VixError, EveryReasonHasACode) {
  for (int reason = v1::Reason_MIN + 1; reason <= v1::Reason_MAX; ++reason) {
    if (!v1::Reason_IsValid(reason) || reason == v1::NOT_SAME_DEVICE) continue;
    EXPECT_NE(FromReason(static_cast<v1::Reason>(reason), 0), Error::kFail)
        << v1::Reason_Name(reason);
  }
}

TEST(VixError, ReasonsHaveCodesOfTheirOwn) {
  std::map<Error, int> reasons;
  for (int reason = v1::Reason_MIN + 1; reason <= v1::Reason_MAX; ++reason) {
    // vmtoolsd's codes for these two say less.
    if (reason == v1::IS_A_SYMLINK || reason == v1::NOT_SAME_DEVICE) continue;
    const auto [known, added] =
        reasons.emplace(FromReason(static_cast<v1::Reason>(reason), 0), reason);
    EXPECT_TRUE(added) << reason << " and " << known->second;
  }
}

TEST(VixError, ErrnoHasTheTablesCode) {
  const struct {
    int os_error;
    uint32_t code;
  } kTable[] = {
      {EPERM, 13},
      {EACCES, 13},
      {EAGAIN, 5},
      {EBUSY, 5},
      {EEXIST, 12},
      {EFBIG, 21},
      {ENOTEMPTY, 20006},
      {ENOTDIR, 20002},
      {EISDIR, 20001},
      {ENOENT, 4},
      {ENODEV, 4},
      {ENOSPC, 8},
      {ESRCH, 20003},
      {ENAMETOOLONG, 20004},
      {EINVAL, 3},
      {EMSGSIZE, 3},
      {ENOMEM, 2},
      {ELOOP, 2},
      {EIO, 7},
      {EMFILE, 7},
      {ENFILE, 7},
      {EMLINK, 7},
      {EROFS, 7},
      {ETIMEDOUT, 7},
      {ENOBUFS, 7},
      {EXDEV, 1},
      {0, 0},
  };
  for (const auto& entry : kTable) EXPECT_EQ(Code(FromErrno(entry.os_error)), entry.code);
}

TEST(VixError, UnspecifiedReasonIsDecidedByErrno) {
  EXPECT_EQ(FromReason(v1::REASON_UNSPECIFIED, ENOSPC), Error::kDiskFull);
  EXPECT_EQ(FromReason(v1::REASON_UNSPECIFIED, 0), Error::kFail);
  EXPECT_EQ(FromReason(v1::NOT_FOUND, EACCES), Error::kFileNotFound);
}

TEST(VixError, FailuresOfTheCallItselfAreBusyOrNotRunning) {
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kDeadlineExceeded), Error::kObjectIsBusy);
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kUnavailable), Error::kToolsNotRunning);
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kUnauthenticated), Error::kInvalidLoginCredentials);
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kCancelled), Error::kCancelled);
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kInternal), Error::kFail);
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kOk), Error::kOk);
}

TEST(VixError, FailuresOfACallHaveCodesOfTheirOwn) {
  std::map<Error, int> codes;
  for (const absl::StatusCode code :
       {absl::StatusCode::kOk, absl::StatusCode::kNotFound, absl::StatusCode::kAlreadyExists,
        absl::StatusCode::kPermissionDenied, absl::StatusCode::kInvalidArgument,
        absl::StatusCode::kUnimplemented, absl::StatusCode::kDeadlineExceeded,
        absl::StatusCode::kUnavailable, absl::StatusCode::kUnauthenticated,
        absl::StatusCode::kCancelled, absl::StatusCode::kInternal}) {
    EXPECT_TRUE(codes.emplace(FromStatusCode(code), static_cast<int>(code)).second)
        << absl::StatusCodeToString(code);
  }
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kUnknown), Error::kFail);
}

}  // namespace
}  // namespace toolboxd::vix
