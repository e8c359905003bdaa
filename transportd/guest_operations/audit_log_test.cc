// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/audit_log.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class AuditLogTest : public testing::Test {
 protected:
  template <typename Action>
  std::vector<std::string> Lines(Action action) {
    testing::internal::CaptureStderr();
    action();
    return absl::StrSplit(testing::internal::GetCapturedStderr(), '\n', absl::SkipEmpty());
  }
  void Refuse(absl::string_view user, vix::Error result = vix::Error::kInvalidLoginCredentials) {
    log_.RecordRefused({"StartProgramInGuest", user, "/bin/x", result});
  }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  AuditLog log_{[this] { return now_; }};
};

TEST_F(AuditLogTest, OperationsOfLoggedInUsersAreNeverSuppressed) {
  EXPECT_THAT(Lines([&] {
                for (int i = 0; i < 50000; ++i) {
                  log_.RecordLoggedIn({"ListFilesInGuest", "alice", "/tmp", vix::Error::kOk});
                }
              }),
              SizeIs(50000));
}

// The review of issue 12, M3: with the lines of refusals the journal's limit was used up.
TEST_F(AuditLogTest, RefusalsHaveOneLineAMinute) {
  const std::vector<std::string> lines = Lines([&] {
    for (int i = 0; i < 200000; ++i) Refuse(absl::StrCat("user", i));
    log_.RecordLoggedIn({"StartProgramInGuest", "alice", "/bin/id", vix::Error::kOk});
  });
  EXPECT_THAT(lines, ElementsAre(HasSubstr("user=user0 "), HasSubstr("user=alice ")));
}

TEST_F(AuditLogTest, NumberOfSuppressedRefusalsIsLogged) {
  Lines([&] {
    for (int i = 0; i < 10; ++i) Refuse("a");
  });
  now_ += absl::Minutes(1);
  EXPECT_THAT(Lines([&] { Refuse("b"); }), ElementsAre(EndsWith(" suppressed_before=9")));
  Lines([&] {
    for (int i = 0; i < 5; ++i) Refuse("c");
  });
  EXPECT_THAT(Lines([&] { log_.Maintain(); }), IsEmpty());
  now_ += absl::Minutes(1);
  EXPECT_THAT(Lines([&] { log_.Maintain(); }),
              ElementsAre(EndsWith("guest operations refused before a login: "
                                   "operation=StartProgramInGuest result=3050 count=5")));
  EXPECT_THAT(Lines([&] { log_.Maintain(); }), IsEmpty());
}

TEST_F(AuditLogTest, KindsOfRefusalsDoNotHideOneAnother) {
  EXPECT_THAT(Lines([&] {
                Refuse("a");
                Refuse("b");
                Refuse("a", vix::Error::kInvalidArgument);
                log_.RecordRefused({"ListFilesInGuest", "a", "/", vix::Error::kInvalidArgument});
              }),
              SizeIs(3));
}

}  // namespace
}  // namespace toolboxd
