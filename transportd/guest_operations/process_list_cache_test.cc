// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/process_list_cache.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr size_t kPage = 1000;

class ProcessListCacheTest : public ::testing::Test {
 protected:
  // The text of a list of this size and the key of the rest. Keys count from 1.
  void Add(const std::string& user, size_t size) {
    const std::string page = cache_.First(user, std::string(size, 'x'), now_);
    EXPECT_TRUE(absl::StartsWith(page, absl::StrCat("<key>", ++key_, "</key>"))) << page;
  }
  bool Has(const std::string& user, uint32_t key) {
    return cache_.Next(user, key, kPage, now_).error == vix::Error::kOk;
  }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  uint32_t key_ = 0;
  ProcessListCache cache_{kPage};
};

TEST_F(ProcessListCacheTest, ListsOfOneUserDoNotReplaceThoseOfAnother) {
  Add("bob", 5000);
  for (int i = 0; i < 40; ++i) Add("alice", 5000);
  EXPECT_TRUE(Has("bob", 1));
  // The latest of alice's are there too.
  EXPECT_TRUE(Has("alice", key_));
  EXPECT_FALSE(Has("alice", 2));
}

TEST_F(ProcessListCacheTest, ManyUsersAtTheirLimitsLeaveAPlaceForAnother) {
  for (int i = 0; i < 10; ++i) Add(absl::StrCat("user", i), ProcessListCache::kMaxListBytes);
  Add("bob", 5000);
  EXPECT_TRUE(Has("bob", key_));
}

TEST_F(ProcessListCacheTest, ListThatIsFetchedGoesLast) {
  for (int i = 0; i < 8; ++i) Add("alice", 5000);
  EXPECT_TRUE(Has("alice", 1));
  Add("alice", 5000);
  EXPECT_TRUE(Has("alice", 1));
  EXPECT_FALSE(Has("alice", 2));
}

TEST_F(ProcessListCacheTest, ListIsCutAtItsLimit) {
  const std::string page = cache_.First("alice", std::string(20 << 20, 'x'), now_);
  EXPECT_TRUE(absl::StrContains(
      page, absl::StrCat("<totalSize>", ProcessListCache::kMaxListBytes, "</totalSize>")))
      << page.substr(0, 200);
}

TEST_F(ProcessListCacheTest, OldListsAreForgotten) {
  Add("alice", 5000);
  now_ += ProcessListCache::kRetention;
  EXPECT_FALSE(Has("alice", 1));
  for (int i = 0; i < 8; ++i) Add("alice", 5000);
  EXPECT_TRUE(Has("alice", 2));
}

}  // namespace
}  // namespace toolboxd
