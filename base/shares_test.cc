// SPDX-License-Identifier: Apache-2.0

#include "base/shares.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

class SharesTest : public ::testing::Test {
 protected:
  // Adds an item as a table does. Returns what went for it.
  std::vector<int> Add(int item, const std::string& user, uint64_t size = 1) {
    std::vector<int> gone;
    while (const std::optional<int> victim = shares_.Victim(user, size)) {
      gone.push_back(*victim);
      shares_.Remove(*victim);
    }
    if (shares_.Fits(user, size)) shares_.Add(item, user, size);
    return gone;
  }

  Shares<int> shares_{{.user = 4, .total = 6}};
};

using Items = std::vector<int>;

TEST_F(SharesTest, UserAtTheLimitGivesUpTheOldestItem) {
  for (int i = 0; i < 4; ++i) EXPECT_EQ(Add(i, "alice"), Items());
  EXPECT_EQ(Add(4, "alice"), Items({0}));
  EXPECT_EQ(shares_.Held("alice"), 4u);
  EXPECT_FALSE(shares_.Has(0));
}

TEST_F(SharesTest, ItemThatWasUsedGoesLast) {
  for (int i = 0; i < 4; ++i) Add(i, "alice");
  shares_.Use(0);
  shares_.Use(99);
  EXPECT_EQ(Add(4, "alice"), Items({1}));
}

TEST_F(SharesTest, FullTableTakesFromTheUserWhoHoldsMost) {
  for (int i = 0; i < 4; ++i) Add(i, "alice");
  Add(10, "bob");
  Add(11, "bob");
  EXPECT_EQ(Add(20, "carol"), Items({0}));
  EXPECT_EQ(shares_.Held("alice"), 3u);
  EXPECT_EQ(shares_.Held("bob"), 2u);
}

TEST_F(SharesTest, UserDoesNotTakeFromThoseWhoHoldNoMore) {
  for (int i = 0; i < 3; ++i) Add(i, "alice");
  for (int i = 10; i < 13; ++i) Add(i, "bob");
  // Neither below the limit of a user, nor by turns.
  EXPECT_EQ(Add(3, "alice"), Items({0}));
  EXPECT_EQ(Add(13, "bob"), Items({10}));
  EXPECT_EQ(shares_.Held("bob"), 3u);
}

TEST_F(SharesTest, AnyNumberOfUsersAtTheirLimitsLeaveAPlaceForAnother) {
  for (int i = 0; i < 60; ++i) Add(i, absl::StrCat("user", i % 6));
  EXPECT_EQ(shares_.total(), 6u);
  EXPECT_EQ(Add(100, "alice").size(), 1u);
  EXPECT_EQ(shares_.Held("alice"), 1u);
  EXPECT_EQ(shares_.total(), 6u);
}

TEST_F(SharesTest, SizesAreSharedLikePlaces) {
  EXPECT_EQ(Add(0, "alice", 3), Items());
  EXPECT_EQ(Add(1, "alice", 1), Items());
  EXPECT_EQ(Add(2, "alice", 2), Items({0}));
  shares_.Resize(1, 2);
  EXPECT_EQ(shares_.Held("alice"), 4u);
  EXPECT_EQ(Add(10, "bob", 3), Items({1}));
  EXPECT_EQ(shares_.total(), 5u);
}

TEST_F(SharesTest, ItemLargerThanAShareNeverFitsAndTakesNothing) {
  Add(10, "bob", 2);
  Add(0, "alice", 1);
  EXPECT_EQ(Add(1, "alice", 5), Items());
  EXPECT_TRUE(shares_.Has(0));
  EXPECT_FALSE(shares_.Has(1));
  EXPECT_TRUE(shares_.Has(10));
}

TEST_F(SharesTest, ItemsThatMayNotGoStay) {
  for (int i = 0; i < 4; ++i) Add(i, "alice");
  const auto odd = [](const int& item) { return item % 2 == 1; };
  EXPECT_EQ(shares_.Victim("alice", 1, odd), 1);
  const auto none = [](const int&) { return false; };
  EXPECT_EQ(shares_.Victim("alice", 1, none), std::nullopt);
  shares_.Resize(0, 0);
  EXPECT_EQ(shares_.Victim("alice", 2), 1);
  // The victim is another user's, who holds less, but more than the one who comes.
  for (int i = 10; i < 13; ++i) Add(i, "bob");
  const auto bobs = [](const int& item) { return item >= 10; };
  EXPECT_EQ(shares_.Victim("carol", 1, bobs), 10);
}

TEST_F(SharesTest, NothingIsKeptOfUsersWithoutItems) {
  Add(0, "alice");
  shares_.Remove(0);
  shares_.Remove(0);
  EXPECT_EQ(shares_.total(), 0u);
  EXPECT_EQ(shares_.Held("alice"), 0u);
  EXPECT_FALSE(shares_.Has(0));
}

}  // namespace
}  // namespace toolboxd
