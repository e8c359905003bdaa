// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/worker_pool.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kLong = absl::Seconds(30);

// Tasks that wait until the test lets them end.
class WorkerPoolTest : public testing::Test {
 protected:
  ~WorkerPoolTest() override { Release(); }

  bool Start(TaskOrigin origin, const std::string& owner) {
    std::shared_ptr<Pending<int>> pending = pool_.Start<int>(origin, owner, [this] {
      released_.WaitForNotification();
      return 7;
    });
    if (pending == nullptr) return false;
    pending_.push_back(std::move(pending));
    return true;
  }
  void Release() {
    if (!released_.HasBeenNotified()) released_.Notify();
  }

  absl::Notification released_;
  std::vector<std::shared_ptr<Pending<int>>> pending_;
  WorkerPool pool_;
};

TEST_F(WorkerPoolTest, ResultArrivesWhenTheTaskEnds) {
  ASSERT_TRUE(Start(TaskOrigin::kUser, "alice"));
  EXPECT_FALSE(pending_[0]->Wait(absl::ZeroDuration()));
  EXPECT_FALSE(pending_[0]->IsDone());
  EXPECT_EQ(pool_.size(), 1u);
  Release();
  ASSERT_TRUE(pending_[0]->Wait(kLong));
  EXPECT_EQ(pending_[0]->Take(), 7);
  EXPECT_EQ(pool_.size(), 0u);
}

TEST_F(WorkerPoolTest, TasksThatHangLeavePlacesToOthers) {
  EXPECT_TRUE(Start(TaskOrigin::kStranger, "guess"));
  EXPECT_TRUE(Start(TaskOrigin::kStranger, "guess"));
  EXPECT_FALSE(Start(TaskOrigin::kStranger, "guess"));
  for (size_t i = 2; i < WorkerPool::kMaxTasksOfStrangers; ++i) {
    EXPECT_TRUE(Start(TaskOrigin::kStranger, absl::StrCat("guess", i)));
  }
  EXPECT_FALSE(Start(TaskOrigin::kStranger, "late guess"));
  for (size_t i = WorkerPool::kMaxTasksOfStrangers; i < WorkerPool::kMaxTasks; ++i) {
    EXPECT_TRUE(Start(TaskOrigin::kUser, absl::StrCat("user", i)));
  }
  EXPECT_FALSE(Start(TaskOrigin::kUser, "one more"));
  Release();
  for (const auto& pending : pending_) EXPECT_TRUE(pending->Wait(kLong));
  EXPECT_EQ(pool_.size(), 0u);
  EXPECT_TRUE(Start(TaskOrigin::kStranger, "guess"));
}

// P8: whoever has no password, and knows a user's name.
TEST_F(WorkerPoolTest, StrangersWhoUseANameTakeNoPlaceOfItsUser) {
  EXPECT_TRUE(Start(TaskOrigin::kStranger, "alice"));
  EXPECT_TRUE(Start(TaskOrigin::kStranger, "alice"));
  EXPECT_FALSE(Start(TaskOrigin::kStranger, "alice"));
  EXPECT_TRUE(Start(TaskOrigin::kUser, "alice"));
  EXPECT_TRUE(Start(TaskOrigin::kUser, "alice"));
  EXPECT_FALSE(Start(TaskOrigin::kUser, "alice"));
}

}  // namespace
}  // namespace toolboxd
