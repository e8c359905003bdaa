// SPDX-License-Identifier: Apache-2.0

#include "base/status.h"

#include <cerrno>
#include <string>

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(Status, EveryReasonButTheUnspecifiedHasACanonicalCode) {
  for (int i = 1; i <= v1::Reason_MAX; ++i) {
    const absl::Status status = MakeError(static_cast<v1::Reason>(i), "");
    EXPECT_NE(status.code(), absl::StatusCode::kUnknown) << i;
    EXPECT_FALSE(status.ok()) << i;
  }
}

TEST(Status, StatusWithoutDetailHasNoReason) {
  EXPECT_EQ(ReasonOf(absl::InternalError("x")), v1::REASON_UNSPECIFIED);
  EXPECT_EQ(OsErrorOf(absl::InternalError("x")), 0);
  EXPECT_EQ(ReasonOf(absl::OkStatus()), v1::REASON_UNSPECIFIED);
}

TEST(Status, ErrnoErrorNamesTheCauseAndKeepsTheNumber) {
  const absl::Status status = ErrnoError(ENOENT, "/a/b");
  EXPECT_EQ(status.message(), "/a/b: No such file or directory");
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReasonOf(status), v1::NOT_FOUND);
  EXPECT_EQ(OsErrorOf(status), ENOENT);
  EXPECT_EQ(ErrnoError(99999, "x").message(), "x: Unknown error 99999");
}

TEST(Status, ErrnosThatTheHostSeparatesHaveTheirOwnReasons) {
  EXPECT_EQ(ReasonOfErrno(EACCES), v1::ACCESS_DENIED);
  EXPECT_EQ(ReasonOfErrno(EPERM), v1::PERMISSION_DENIED);
  EXPECT_EQ(ReasonOfErrno(EISDIR), v1::NOT_A_FILE);
  EXPECT_EQ(ReasonOfErrno(ENOTDIR), v1::NOT_A_DIRECTORY);
  EXPECT_EQ(ReasonOfErrno(ENOTEMPTY), v1::DIRECTORY_NOT_EMPTY);
  EXPECT_EQ(ReasonOfErrno(EXDEV), v1::NOT_SAME_DEVICE);
  EXPECT_EQ(ReasonOfErrno(ELOOP), v1::IS_A_SYMLINK);
  EXPECT_EQ(ReasonOfErrno(EROFS), v1::IO_ERROR);
}

}  // namespace
}  // namespace toolboxd
