// SPDX-License-Identifier: Apache-2.0

#include "vixd/user_names.h"

#include <unistd.h>

#include <atomic>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace toolboxd::vixd {
namespace {

constexpr uid_t kFirst = 100000;

TEST(UserNames, UserWithoutANameIsANumber) {
  const UserNames names;
  UserNames::List list(&names);
  EXPECT_EQ(list.Get(0), "root");
  EXPECT_EQ(list.Get(4'000'000'001), "4000000001");
  EXPECT_EQ(list.Get(0), "root");
}

// W6 of tests/attacks/README.md.
TEST(UserNames, ManyUsersWithoutANameHoldAListUpForAMoment) {
  std::atomic<int> asked{0};
  const UserNames names([&asked](uid_t uid) -> std::optional<std::string> {
    ++asked;
    if (uid == getuid()) return "own";
    absl::SleepFor(absl::Milliseconds(20));
    return std::nullopt;
  });
  const absl::Time begin = absl::Now();
  UserNames::List list(&names);
  for (uid_t uid = kFirst; uid < kFirst + 100; ++uid) EXPECT_EQ(list.Get(uid), std::to_string(uid));
  EXPECT_EQ(list.Get(getuid()), "own");
  EXPECT_LT(absl::Now() - begin, 2 * UserNames::kPatience);
  // The next lists ask for those that are left.
  for (int i = 0; i < 100 && asked < 101; ++i) {
    UserNames::List next(&names);
    for (uid_t uid = kFirst; uid < kFirst + 100; ++uid) next.Get(uid);
  }
  EXPECT_EQ(asked, 101);
}

TEST(UserNames, DatabaseThatDoesNotAnswerHoldsEachListUpForAMoment) {
  absl::Notification answers;
  const UserNames names([&answers](uid_t uid) -> std::optional<std::string> {
    if (uid == kFirst) answers.WaitForNotification();
    return uid == kFirst ? "late" : "other";
  });
  for (int i = 0; i < 3; ++i) {
    const absl::Time begin = absl::Now();
    UserNames::List list(&names);
    EXPECT_EQ(list.Get(kFirst), std::to_string(kFirst));
    EXPECT_EQ(list.Get(kFirst + 1), std::to_string(kFirst + 1));
    // What is known is said.
    EXPECT_EQ(list.Get(getuid()), "other");
    EXPECT_LT(absl::Now() - begin, 2 * UserNames::kPatience);
  }
  answers.Notify();
  UserNames::List list(&names);
  EXPECT_EQ(list.Get(kFirst), "late");
  EXPECT_EQ(list.Get(kFirst + 1), "other");
}

}  // namespace
}  // namespace toolboxd::vixd
