// SPDX-License-Identifier: Apache-2.0

#include "base/id_names.h"

#include <errno.h>
#include <grp.h>
#include <string.h>

#include <atomic>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace {

constexpr gid_t kLargeGroup = 4711;
// Of a group with 30,000 members.
constexpr size_t kLargeRecord = 300'000;
// A server of names is not reached, and the database says so at once.
std::atomic<bool> g_fails{false};

}  // namespace

// In place of libc's.
extern "C" int getgrgid_r(gid_t gid, group* entry, char* buffer, size_t size, group** found) {
  *found = nullptr;
  if (g_fails) return EAGAIN;
  if (gid != 0 && gid != kLargeGroup) return 0;
  if (gid == kLargeGroup && size < kLargeRecord) return ERANGE;
  strcpy(buffer, gid == 0 ? "root" : "large");
  *entry = {};
  entry->gr_name = buffer;
  *found = entry;
  return 0;
}

namespace toolboxd {
namespace {

constexpr id_t kFirst = 100000;
constexpr id_t kKnown = 1000;
constexpr absl::Duration kPatience = IdNames::Asker::kPatience;

TEST(IdNames, NumberWithoutANameHasNone) {
  const IdNames users(LookUpUserName);
  IdNames::Asker asker(&users);
  EXPECT_EQ(asker.Get(0), "root");
  EXPECT_EQ(asker.Get(4'000'000'001), std::nullopt);
  EXPECT_EQ(asker.Get(0), "root");
  const IdNames groups(LookUpGroupName);
  EXPECT_EQ(IdNames::Asker(&groups).Get(0), "root");
}

TEST(IdNames, GroupOfManyMembersHasAName) {
  const IdNames groups(LookUpGroupName);
  EXPECT_EQ(IdNames::Asker(&groups).Get(kLargeGroup), "large");
}

// W6 of tests/attacks/README.md.
TEST(IdNames, ManyNumbersWithoutANameAreWaitedForAMoment) {
  std::atomic<int> asked{0};
  const IdNames names([&asked](id_t id) -> std::optional<std::string> {
    ++asked;
    if (id == kKnown) return "known";
    absl::SleepFor(absl::Milliseconds(20));
    return std::nullopt;
  });
  const absl::Time begin = absl::Now();
  IdNames::Asker asker(&names);
  EXPECT_EQ(asker.Get(kKnown), "known");
  for (id_t id = kFirst; id < kFirst + 100; ++id) EXPECT_EQ(asker.Get(id), std::nullopt);
  EXPECT_EQ(asker.Get(kKnown), "known");
  EXPECT_LT(absl::Now() - begin, 2 * kPatience);
  // The next ones ask for those that are left.
  for (int i = 0; i < 100 && asked < 101; ++i) {
    IdNames::Asker next(&names);
    for (id_t id = kFirst; id < kFirst + 100; ++id) next.Get(id);
  }
  EXPECT_EQ(asked, 101);
}

TEST(IdNames, DatabaseThatDoesNotAnswerIsWaitedForAMoment) {
  absl::Notification answers;
  const IdNames names([&answers](id_t id) -> std::optional<std::string> {
    if (id == kFirst) answers.WaitForNotification();
    return id == kFirst ? "late" : "other";
  });
  EXPECT_EQ(IdNames::Asker(&names).Get(kKnown), "other");
  for (int i = 0; i < 3; ++i) {
    const absl::Time begin = absl::Now();
    IdNames::Asker asker(&names);
    EXPECT_EQ(asker.Get(kFirst), std::nullopt);
    EXPECT_EQ(asker.Get(kFirst + 1), std::nullopt);
    // What is known is said.
    EXPECT_EQ(asker.Get(kKnown), "other");
    EXPECT_LT(absl::Now() - begin, 2 * kPatience);
  }
  answers.Notify();
  IdNames::Asker asker(&names);
  EXPECT_EQ(asker.Get(kFirst), "late");
  EXPECT_EQ(asker.Get(kFirst + 1), "other");
}

TEST(IdNames, ManyNumbersWithoutANameLeaveTheNames) {
  std::atomic<int> asked{0};
  const IdNames names([&asked](id_t id) -> std::optional<std::string> {
    if (id != kKnown) return std::nullopt;
    ++asked;
    return "known";
  });
  EXPECT_EQ(IdNames::Asker(&names).Get(kKnown), "known");
  for (id_t id = kFirst; id < kFirst + 2 * IdNames::kMaxKept; ++id) {
    IdNames::Asker(&names).Get(id);
  }
  EXPECT_EQ(IdNames::Asker(&names).Get(kKnown), "known");
  EXPECT_EQ(asked, 1);
}

TEST(IdNames, OldNameStaysWhereTheDatabaseDoesNotAnswerAnyMore) {
  absl::Notification answers;
  std::atomic<int> asked{0};
  const auto look_up = [&](id_t id) -> std::optional<std::string> {
    if (id == kFirst) answers.WaitForNotification();
    return absl::StrCat("name", ++asked);
  };
  const IdNames names(look_up, absl::Milliseconds(1));
  EXPECT_EQ(IdNames::Asker(&names).Get(kKnown), "name1");
  absl::SleepFor(absl::Milliseconds(2));
  EXPECT_EQ(IdNames::Asker(&names).Get(kKnown), "name2");
  EXPECT_EQ(IdNames::Asker(&names).Get(kFirst), std::nullopt);
  EXPECT_EQ(IdNames::Asker(&names).Get(kKnown), "name2");
  answers.Notify();
  EXPECT_EQ(IdNames::Asker(&names).Get(kKnown), "name4");
}

// Y3 of tests/attacks/README.md.
TEST(IdNames, OldNameStaysWhereTheDatabaseFails) {
  const IdNames groups(LookUpGroupName, absl::Milliseconds(1));
  EXPECT_EQ(IdNames::Asker(&groups).Get(0), "root");
  g_fails = true;
  absl::SleepFor(absl::Milliseconds(2));
  EXPECT_EQ(IdNames::Asker(&groups).Get(0), "root");
  EXPECT_EQ(IdNames::Asker(&groups).Get(kLargeGroup), std::nullopt);
  g_fails = false;
  absl::SleepFor(absl::Milliseconds(2));
  EXPECT_EQ(IdNames::Asker(&groups).Get(kLargeGroup), "large");
}

TEST(IdNames, NameThatTheDatabaseHasNoLongerGoes) {
  std::atomic<bool> exists{true};
  const auto look_up = [&exists](id_t) -> std::optional<std::string> {
    if (exists) return "known";
    return std::nullopt;
  };
  const IdNames names(look_up, absl::Milliseconds(1));
  EXPECT_EQ(IdNames::Asker(&names).Get(kKnown), "known");
  exists = false;
  absl::SleepFor(absl::Milliseconds(2));
  EXPECT_EQ(IdNames::Asker(&names).Get(kKnown), std::nullopt);
}

}  // namespace
}  // namespace toolboxd
