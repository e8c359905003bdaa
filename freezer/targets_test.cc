// SPDX-License-Identifier: Apache-2.0

#include "freezer/targets.h"

#include <errno.h>
#include <gtest/gtest.h>

#include "freezer/testing/fake_kernel.h"

namespace toolboxd::freezer {
namespace {

class TargetsTest : public testing::Test {
 protected:
  TargetsTest() {
    targets_.page = &page_;
    targets_.count = 3;
    for (uint32_t i = 0; i < targets_.count; ++i) {
      targets_.fds[i] = kernel_.OpenAgain(("/" + std::to_string(i)).c_str(), FakeKernel::Known(i));
    }
  }
  ~TargetsTest() override {
    for (uint32_t i = 0; i < targets_.count; ++i) close(targets_.fds[i]);
  }
  void Set(State first, State second, State third) {
    const State states[] = {first, second, third};
    for (int i = 0; i < 3; ++i) page_.states[i] = states[i];
  }

  FakeKernel kernel_;
  Page page_ = {};
  Targets targets_;
};

TEST_F(TargetsTest, DeadlineOfZeroIsNone) {
  EXPECT_FALSE(IsOverdue(page_, 5));
  page_.deadline = 5;
  EXPECT_FALSE(IsOverdue(page_, 4));
  EXPECT_TRUE(IsOverdue(page_, 5));
}

TEST_F(TargetsTest, LongestFreezeCounts) {
  EXPECT_EQ(TryingSince(page_), 0);
  page_.trying_since[1] = 7;
  page_.trying_since[2] = 5;
  page_.trying_since[kMaxTargets - 1] = 6;
  EXPECT_EQ(TryingSince(page_), 5);
  page_.trying_since[2] = 0;
  EXPECT_EQ(TryingSince(page_), 6);
}

TEST_F(TargetsTest, OnlyTriedAndFrozenOnesMayBeFrozen) {
  Set(State::kUntouched, State::kThawed, State::kUntouched);
  EXPECT_FALSE(MayBeFrozen(targets_));
  page_.states[2] = State::kTrying;
  EXPECT_TRUE(MayBeFrozen(targets_));
  page_.states[2] = State::kFrozen;
  EXPECT_TRUE(MayBeFrozen(targets_));
}

TEST_F(TargetsTest, FreezeThatFailsLeavesNoTrace) {
  kernel_.shared().frozen[1] = true;
  EXPECT_EQ(FreezeOne(kernel_, targets_, 1), EBUSY);
  EXPECT_EQ(page_.states[1], State::kUntouched);
  EXPECT_EQ(FreezeOne(kernel_, targets_, 0), 0);
  EXPECT_EQ(page_.states[0], State::kFrozen);
}

TEST_F(TargetsTest, FreezeThatTheTwinThawedIsThawed) {
  // The twin's FITHAW, after which main makes sure.
  kernel_.on_freeze = [&](uint32_t) { page_.states[0] = State::kThawed; };
  EXPECT_EQ(FreezeOne(kernel_, targets_, 0), ECANCELED);
  EXPECT_EQ(kernel_.Frozen(), 0);
}

TEST_F(TargetsTest, AllAreThawedOnceNothingGoesOn) {
  Set(State::kFrozen, State::kUntouched, State::kTrying);
  for (int i = 0; i < 3; ++i) kernel_.shared().frozen[i] = true;
  ThawAll(kernel_, targets_);
  EXPECT_FALSE(MayBeFrozen(targets_));
  EXPECT_EQ(kernel_.Frozen(), 1);
}

TEST_F(TargetsTest, TriedOneStaysUntilItIsKnown) {
  Set(State::kFrozen, State::kUntouched, State::kTrying);
  kernel_.shared().frozen[0] = true;
  // FIFREEZE of the third has not frozen it yet.
  ThawTried(kernel_, targets_);
  ThawFrozen(kernel_, targets_);
  EXPECT_EQ(kernel_.Frozen(), 0);
  EXPECT_EQ(page_.states[0], State::kThawed);
  EXPECT_EQ(page_.states[2], State::kTrying);
  kernel_.shared().frozen[2] = true;
  ThawTried(kernel_, targets_);
  EXPECT_EQ(kernel_.Frozen(), 0);
  EXPECT_FALSE(MayBeFrozen(targets_));
}

TEST_F(TargetsTest, FailedThawStays) {
  Set(State::kFrozen, State::kFrozen, State::kFrozen);
  for (int i = 0; i < 3; ++i) kernel_.shared().frozen[i] = true;
  kernel_.shared().thaw_error[1] = EIO;
  ThawAll(kernel_, targets_);
  EXPECT_EQ(page_.states[1], State::kFrozen);
  EXPECT_EQ(kernel_.Frozen(), 1);
  ThawAll(kernel_, targets_);
  EXPECT_EQ(kernel_.Frozen(), 0);
}

}  // namespace
}  // namespace toolboxd::freezer
