// SPDX-License-Identifier: Apache-2.0

#include "freezer/exchange.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <string.h>

#include <atomic>
#include <memory>
#include <string>

#include "base/testing/eventually.h"
#include "freezer/testing/fake_kernel.h"
#include "freezer/testing/list_file.h"

namespace toolboxd::freezer {
namespace {

class FakeGuard : public Guard {
 public:
  int Start(const Targets& targets) override {
    ++starts;
    page = targets.page;
    return start_error;
  }
  void Wake() override { ++wakes; }
  int Interruption() override { return interruption; }

  int starts = 0;
  int wakes = 0;
  int start_error = 0;
  std::atomic<int> interruption{0};
  Page* page = nullptr;
};

class ExchangeTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(list_.Open(file_.path()), 0);
    exchange_ = std::make_unique<Exchange>(&kernel_, &guard_, &list_);
  }

  const Reply& Ask(const Request& request, size_t size = sizeof(Request)) {
    verdict_ = exchange_->Answer(request, size, reply_, descriptor_);
    return reply_;
  }
  const Reply& Ask(Operation operation) {
    Request request;
    request.operation = operation;
    return Ask(request);
  }
  int Add(uint32_t number, uint32_t flags = 0) {
    Request request;
    request.operation = Operation::kAdd;
    request.flags = flags;
    request.mount_id = number;
    strcpy(request.path, ("/" + std::to_string(number)).c_str());
    return Ask(request).error;
  }
  const Reply& Freeze(uint32_t flags = 0, uint32_t freeze_ms = 100, uint32_t hold_ms = 200) {
    Request request;
    request.operation = Operation::kFreeze;
    request.flags = flags;
    request.freeze_ms = freeze_ms;
    request.hold_ms = hold_ms;
    return Ask(request);
  }
  int Hold(uint32_t hold_ms = 200) {
    Request request;
    request.operation = Operation::kHold;
    request.hold_ms = hold_ms;
    return Ask(request).error;
  }

  ListFile file_;
  FakeKernel kernel_;
  FakeGuard guard_;
  List list_;
  std::unique_ptr<Exchange> exchange_;
  Reply reply_;
  UniqueFd descriptor_;
  Verdict verdict_ = Verdict::kGoOn;
};

TEST_F(ExchangeTest, FreezesInOrderAndThawsInReverse) {
  std::string order;
  kernel_.on_freeze = [&](uint32_t number) {
    order += std::to_string(number);
    kernel_.Advance(2);
  };
  for (const uint32_t number : {3, 1, 2}) ASSERT_EQ(Add(number), 0);
  EXPECT_EQ(Ask(Operation::kSync).error, 0);
  EXPECT_EQ(kernel_.shared().syncs, 3);
  EXPECT_EQ(guard_.starts, 0);
  EXPECT_EQ(Freeze().error, 0);
  EXPECT_EQ(reply_.count, 3u);
  EXPECT_EQ(reply_.micros[0], 2000u);
  EXPECT_EQ(order, "312");
  EXPECT_EQ(guard_.starts, 1);
  EXPECT_EQ(kernel_.Frozen(), 3);
  kernel_.Advance(94);
  EXPECT_EQ(Ask(Operation::kThaw).error, 0);
  EXPECT_EQ(reply_.frozen_us, 100'000u);
  EXPECT_EQ(kernel_.Frozen(), 0);
  EXPECT_EQ(exchange_->Timeout(), -1);
}

TEST_F(ExchangeTest, OtherSizesAndVersionsEndTheConnection) {
  Request request;
  for (const size_t size : {size_t{1}, sizeof request - 1, sizeof request + 1, size_t{1} << 20}) {
    EXPECT_EQ(Ask(request, size).error, EPROTO) << size;
    EXPECT_EQ(verdict_, Verdict::kClose);
  }
  request.version = kVersion + 1;
  EXPECT_EQ(Ask(request).error, EPROTO);
  EXPECT_EQ(verdict_, Verdict::kClose);
  EXPECT_EQ(reply_.version, kVersion);
}

TEST_F(ExchangeTest, UnknownOperationsEndTheConnection) {
  for (const uint32_t number : {0u, 7u, ~0u}) {
    EXPECT_EQ(Ask(static_cast<Operation>(number)).error, EPROTO) << number;
    EXPECT_EQ(verdict_, Verdict::kClose);
  }
}

TEST_F(ExchangeTest, PathEndsWithNulAndIsAbsolute) {
  Request request;
  request.operation = Operation::kAdd;
  memset(request.path, '/', sizeof request.path);
  EXPECT_EQ(Ask(request).error, EINVAL);
  EXPECT_EQ(verdict_, Verdict::kGoOn);
  strcpy(request.path, "1");
  EXPECT_EQ(Ask(request).error, EINVAL);
  request.path[0] = '\0';
  EXPECT_EQ(Ask(request).error, EINVAL);
  memset(request.path, '/', sizeof request.path - 1);
  request.path[sizeof request.path - 1] = '\0';
  EXPECT_EQ(Ask(request).error, ENOENT);
}

TEST_F(ExchangeTest, FileSystemsHaveALimit) {
  for (uint32_t i = 0; i < kMaxTargets; ++i) ASSERT_EQ(Add(i), 0) << i;
  EXPECT_EQ(Add(kMaxTargets), ENOSPC);
  EXPECT_EQ(Freeze().error, 0);
  EXPECT_EQ(kernel_.Frozen(), static_cast<int>(kMaxTargets));
  EXPECT_EQ(Ask(Operation::kThaw).error, 0);
}

TEST_F(ExchangeTest, OrderIsKept) {
  EXPECT_EQ(Freeze().error, EINVAL) << "nothing was added";
  EXPECT_EQ(Ask(Operation::kThaw).error, 0);
  EXPECT_EQ(Hold(), 0);
  ASSERT_EQ(Add(1), 0);
  EXPECT_EQ(Freeze(0, 0, 100).error, EINVAL);
  EXPECT_EQ(Freeze(0, 100, 0).error, EINVAL);
  EXPECT_EQ(guard_.starts, 0);
  EXPECT_EQ(Freeze().error, 0);
  EXPECT_EQ(Freeze().error, EALREADY);
  EXPECT_EQ(Add(2), EALREADY);
  EXPECT_EQ(Hold(0), EINVAL);
  EXPECT_EQ(Ask(Operation::kThaw).error, 0);
  EXPECT_EQ(Ask(Operation::kThaw).error, 0);
  // A connection freezes once.
  EXPECT_EQ(Freeze().error, EALREADY);
  EXPECT_EQ(Add(2), EALREADY);
  EXPECT_EQ(kernel_.Frozen(), 0);
}

TEST_F(ExchangeTest, MountTableGoesWithADescriptor) {
  EXPECT_EQ(Ask(Operation::kMountTable).error, 0);
  EXPECT_TRUE(descriptor_.ok());
}

TEST_F(ExchangeTest, FailureThawsAndNamesTheFileSystem) {
  for (const uint32_t number : {1, 2, 3}) ASSERT_EQ(Add(number), 0);
  kernel_.shared().freeze_error[2] = EIO;
  EXPECT_EQ(Freeze().error, EIO);
  EXPECT_EQ(reply_.failed, 1u);
  EXPECT_EQ(kernel_.Frozen(), 0);
  EXPECT_EQ(kernel_.shared().freezes, 2);
  EXPECT_EQ(Ask(Operation::kThaw).error, 0);
}

TEST_F(ExchangeTest, FailedSyncNamesTheFileSystemAndTheRestIsSynced) {
  for (const uint32_t number : {1, 2, 3}) ASSERT_EQ(Add(number), 0);
  kernel_.shared().sync_error[1] = EIO;
  EXPECT_EQ(Ask(Operation::kSync).error, EIO);
  EXPECT_EQ(reply_.failed, 0u);
  EXPECT_EQ(kernel_.shared().syncs, 3);
}

TEST_F(ExchangeTest, FileSystemThatOthersFrozeIsAnErrorAndStaysFrozen) {
  for (const uint32_t number : {1, 2}) ASSERT_EQ(Add(number), 0);
  kernel_.shared().frozen[2] = true;
  EXPECT_EQ(Freeze().error, EBUSY);
  EXPECT_EQ(reply_.failed, 1u);
  EXPECT_TRUE(kernel_.shared().frozen[2]);
  EXPECT_EQ(kernel_.Frozen(), 1);
}

TEST_F(ExchangeTest, FileSystemThatOthersFrozeIsAcceptedIfTheCallerWantsIt) {
  for (const uint32_t number : {1, 2, 3}) ASSERT_EQ(Add(number), 0);
  kernel_.shared().frozen[2] = true;
  EXPECT_EQ(Freeze(kIgnoreFrozen).error, 0);
  EXPECT_EQ(kernel_.Frozen(), 3);
  EXPECT_EQ(Ask(Operation::kThaw).error, 0);
  EXPECT_TRUE(kernel_.shared().frozen[2]);
  EXPECT_EQ(kernel_.Frozen(), 1);
}

TEST_F(ExchangeTest, SlowFreezeIsThawed) {
  for (const uint32_t number : {1, 2, 3}) ASSERT_EQ(Add(number), 0);
  kernel_.on_freeze = [&](uint32_t) { kernel_.Advance(60); };
  EXPECT_EQ(Freeze(0, 100, 200).error, ETIMEDOUT);
  EXPECT_EQ(reply_.failed, 1u);
  EXPECT_EQ(kernel_.shared().freezes, 2);
  EXPECT_EQ(kernel_.Frozen(), 0);
}

TEST_F(ExchangeTest, InterruptedFreezeIsThawed) {
  for (const uint32_t number : {1, 2, 3}) ASSERT_EQ(Add(number), 0);
  kernel_.on_freeze = [&](uint32_t number) { guard_.interruption = number == 2 ? ECANCELED : 0; };
  EXPECT_EQ(Freeze().error, ECANCELED);
  EXPECT_EQ(kernel_.shared().freezes, 2);
  EXPECT_EQ(kernel_.Frozen(), 0);
}

TEST_F(ExchangeTest, InterruptedSyncEnds) {
  for (uint32_t number = 1; number <= 200; ++number) ASSERT_EQ(Add(number), 0);
  kernel_.shared().sync_ms = 5;
  kernel_.on_sync = [&] { guard_.interruption = ECANCELED; };
  EXPECT_EQ(Ask(Operation::kSync).error, ECANCELED);
  EXPECT_LT(kernel_.shared().syncs, 200);
}

// 1 to 3 in one group, 4 after them, 5 and 6 in another group.
TEST_F(ExchangeTest, GroupIsFrozenAtOnceAfterThoseBeforeIt) {
  for (const uint32_t number : {1, 2, 3, 4, 5, 6}) {
    ASSERT_EQ(Add(number, number == 1 || number == 4 || number == 5 ? 0 : kWithPrevious), 0);
  }
  std::atomic<int> begun[7] = {};
  std::atomic<bool> is_wrong{false};
  kernel_.on_freeze = [&](uint32_t number) {
    const uint32_t first = number <= 3 ? 1 : number == 4 ? 4 : 5;
    const uint32_t last = number <= 3 ? 3 : number == 4 ? 4 : 6;
    begun[number] = 1;
    // Each waits in its FIFREEZE for the others of its group.
    for (uint32_t other = first; other <= last; ++other) {
      if (!Eventually([&] { return begun[other] == 1; })) is_wrong = true;
    }
    for (uint32_t before = 1; before < first; ++before) {
      if (!kernel_.shared().frozen[before]) is_wrong = true;
    }
  };
  EXPECT_EQ(Freeze().error, 0);
  EXPECT_FALSE(is_wrong);
  EXPECT_EQ(kernel_.Frozen(), 6);
  EXPECT_EQ(kernel_.shared().freezes, 6);
  EXPECT_EQ(Ask(Operation::kThaw).error, 0);
  EXPECT_EQ(kernel_.Frozen(), 0);
}

TEST_F(ExchangeTest, LargeGroupIsFrozenInPartsAndReportsItsTime) {
  std::atomic<int> inside{0}, most{0};
  kernel_.on_freeze = [&](uint32_t) {
    const int now = ++inside;
    for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
    }
    poll(nullptr, 0, 1);
    kernel_.Advance(1);
    --inside;
  };
  for (uint32_t number = 0; number < kMaxTargets; ++number) {
    ASSERT_EQ(Add(number, kWithPrevious), 0);
  }
  EXPECT_EQ(Freeze(0, 10'000).error, 0);
  EXPECT_EQ(kernel_.Frozen(), static_cast<int>(kMaxTargets));
  EXPECT_LE(most, static_cast<int>(kAtOnce));
  EXPECT_GT(most, 1);
  EXPECT_EQ(reply_.frozen_us, 256'000u);
  EXPECT_EQ(reply_.frozen_at_us, static_cast<uint64_t>(kernel_.Now()) / 1000);
}

TEST_F(ExchangeTest, FailureInAGroupThawsAllAndFreezesNoMore) {
  for (const uint32_t number : {1, 2, 3}) ASSERT_EQ(Add(number, kWithPrevious), 0);
  ASSERT_EQ(Add(4), 0);
  kernel_.shared().freeze_error[2] = EIO;
  EXPECT_EQ(Freeze().error, EIO);
  EXPECT_EQ(reply_.failed, 1u);
  EXPECT_EQ(kernel_.Frozen(), 0);
  EXPECT_LE(kernel_.shared().freezes, 3);
}

TEST_F(ExchangeTest, ThawByTheTwinDuringAGroupCancelsTheFreeze) {
  for (const uint32_t number : {1, 2, 3}) ASSERT_EQ(Add(number, kWithPrevious), 0);
  // As the twin does it while FIFREEZE of 2 returns.
  kernel_.on_freeze = [&](uint32_t number) {
    if (number == 2) guard_.page->states[1] = State::kThawed;
  };
  EXPECT_EQ(Freeze().error, ECANCELED);
  EXPECT_EQ(reply_.failed, 1u);
  EXPECT_EQ(kernel_.Frozen(), 0);
}

TEST_F(ExchangeTest, WithoutATwinNothingIsFrozen) {
  ASSERT_EQ(Add(1), 0);
  guard_.start_error = EAGAIN;
  EXPECT_EQ(Freeze().error, EAGAIN);
  EXPECT_EQ(kernel_.shared().freezes, 0);
  guard_.start_error = 0;
  EXPECT_EQ(Freeze().error, EALREADY);
}

TEST_F(ExchangeTest, SilenceThawsAndIsReportedOnce) {
  for (const uint32_t number : {1, 2}) ASSERT_EQ(Add(number), 0);
  ASSERT_EQ(Freeze(0, 100, 200).error, 0);
  kernel_.Advance(199);
  exchange_->Tick();
  EXPECT_EQ(kernel_.Frozen(), 2);
  EXPECT_EQ(exchange_->Timeout(), 2);
  EXPECT_EQ(Hold(200), 0);
  kernel_.Advance(199);
  exchange_->Tick();
  EXPECT_EQ(kernel_.Frozen(), 2);
  kernel_.Advance(1);
  EXPECT_EQ(exchange_->Timeout(), 0);
  exchange_->Tick();
  EXPECT_EQ(kernel_.Frozen(), 0);
  EXPECT_EQ(exchange_->Timeout(), -1);
  EXPECT_EQ(Hold(), ETIMEDOUT);
  EXPECT_EQ(Ask(Operation::kThaw).error, ETIMEDOUT);
  EXPECT_EQ(reply_.frozen_us, 399'000u);
  EXPECT_EQ(Ask(Operation::kThaw).error, 0);
}

TEST_F(ExchangeTest, LongLimitsAreShortened) {
  ASSERT_EQ(Add(1), 0);
  ASSERT_EQ(Freeze(0, ~0u, ~0u).error, 0);
  EXPECT_EQ(exchange_->Timeout(), static_cast<int>(kMaxLimitMs) + 1);
}

TEST_F(ExchangeTest, ThawByTheTwinIsReported) {
  for (const uint32_t number : {1, 2}) ASSERT_EQ(Add(number), 0);
  ASSERT_EQ(Freeze().error, 0);
  // As the twin does it.
  kernel_.shared().frozen[1] = false;
  guard_.page->states[0] = State::kThawed;
  EXPECT_EQ(Hold(), ETIMEDOUT);
  EXPECT_EQ(kernel_.Frozen(), 0);
  EXPECT_EQ(Ask(Operation::kThaw).error, ETIMEDOUT);
}

TEST_F(ExchangeTest, ThawByAnotherProgramIsReported) {
  for (const uint32_t number : {1, 2}) ASSERT_EQ(Add(number), 0);
  ASSERT_EQ(Freeze().error, 0);
  kernel_.shared().frozen[2] = false;
  EXPECT_EQ(Ask(Operation::kThaw).error, ETIMEDOUT);
  EXPECT_EQ(reply_.failed, 1u);
  EXPECT_EQ(kernel_.Frozen(), 0);
}

TEST_F(ExchangeTest, FailedThawIsTriedAgain) {
  for (const uint32_t number : {1, 2}) ASSERT_EQ(Add(number), 0);
  ASSERT_EQ(Freeze().error, 0);
  kernel_.shared().thaw_error[1] = EIO;
  // By kThaw, which then tries the rest again.
  EXPECT_EQ(Ask(Operation::kThaw).error, EIO);
  EXPECT_EQ(reply_.failed, 0u);
  EXPECT_EQ(kernel_.Frozen(), 0);
}

TEST_F(ExchangeTest, ThawThatGoesOnFailingIsTriedByTheClock) {
  ASSERT_EQ(Add(1), 0);
  ASSERT_EQ(Freeze().error, 0);
  kernel_.shared().thaw_error[1] = EIO;
  exchange_->Lose();
  EXPECT_EQ(kernel_.Frozen(), 1);
  EXPECT_EQ(exchange_->Timeout(), 100);
  exchange_->Tick();
  EXPECT_EQ(kernel_.Frozen(), 0);
  EXPECT_EQ(exchange_->Timeout(), -1);
}

TEST_F(ExchangeTest, SecondConnectionIsRefused) {
  ASSERT_EQ(Add(1), 0);
  List list;
  ASSERT_EQ(list.Open(file_.path()), 0);
  Exchange second(&kernel_, &guard_, &list);
  Request request;
  request.operation = Operation::kAdd;
  request.mount_id = 2;
  strcpy(request.path, "/2");
  second.Answer(request, sizeof request, reply_, descriptor_);
  EXPECT_EQ(reply_.error, EBUSY);
  EXPECT_FALSE(second.has_list());
}

}  // namespace
}  // namespace toolboxd::freezer
