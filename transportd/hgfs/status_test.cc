// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/status.h"

#include "gtest/gtest.h"

namespace toolboxd::hgfs {
namespace {

TEST(HgfsStatus, StatusOfAReasonLeadsBackToIt) {
  for (uint32_t code = 1; code <= 19; ++code) {
    const auto status = static_cast<Status>(code);
    const v1::Reason reason = ToReason(status);
    if (reason == v1::REASON_UNSPECIFIED) continue;
    EXPECT_EQ(FromReason(reason), status) << code;
  }
}

TEST(HgfsStatus, ReasonsThatHostsDistinguishHaveTheirOwnStatus) {
  EXPECT_EQ(FromReason(v1::NOT_FOUND), Status::kNoSuchFile);
  EXPECT_EQ(FromReason(v1::ACCESS_DENIED), Status::kAccessDenied);
  EXPECT_EQ(FromReason(v1::NO_SPACE), Status::kNoSpace);
  EXPECT_EQ(FromReason(v1::IO_ERROR), Status::kGenericError);
  EXPECT_EQ(FromReason(v1::REASON_UNSPECIFIED), Status::kGenericError);
}

TEST(HgfsStatus, FailuresOfTheCallItselfAreTransportErrors) {
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kOk), Status::kSuccess);
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kDeadlineExceeded), Status::kTransportError);
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kUnavailable), Status::kTransportError);
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kInternal), Status::kGenericError);
}

TEST(HgfsStatus, RefusalsOfTheServiceHaveTheirOwnStatus) {
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kNotFound), Status::kNoSuchFile);
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kAlreadyExists), Status::kFileExists);
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kPermissionDenied), Status::kAccessDenied);
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kUnauthenticated), Status::kAccessDenied);
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kInvalidArgument), Status::kInvalidParameter);
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kUnimplemented), Status::kNotSupported);
  EXPECT_EQ(FromStatusCode(absl::StatusCode::kCancelled), Status::kTransportError);
}

}  // namespace
}  // namespace toolboxd::hgfs
