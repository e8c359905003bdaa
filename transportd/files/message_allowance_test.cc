// SPDX-License-Identifier: Apache-2.0

#include "transportd/files/message_allowance.h"

#include "gtest/gtest.h"

namespace toolboxd::files {
namespace {

// Before any stream began.
constexpr absl::Time kThen = absl::UnixEpoch();

// Messages of `size` bytes, at one moment, that are taken before the first that is not; at most
// `limit`.
int Count(MessageAllowance& allowance, size_t size, absl::Time now, int limit = 100000) {
  int taken = 0;
  while (taken < limit && allowance.Take(size, now).ok()) ++taken;
  return taken;
}

TEST(MessageAllowance, MessagesWithoutContentEndAStream) {
  MessageAllowance allowance;
  EXPECT_EQ(Count(allowance, 0, kThen), MessageAllowance::kMessages);
}

TEST(MessageAllowance, MessagesOfOneByteEndAStreamTooSoonerThanItsPacketIsFull) {
  MessageAllowance allowance;
  EXPECT_EQ(Count(allowance, 1, kThen), MessageAllowance::kMessages * 16 / 15);
}

TEST(MessageAllowance, MessagesWithContentDoNot) {
  MessageAllowance allowance;
  EXPECT_EQ(Count(allowance, 16, kThen, 5000), 5000);
  EXPECT_EQ(Count(allowance, size_t{1} << 40, kThen, 5000), 5000);
}

TEST(MessageAllowance, ContentIsNotSavedForLater) {
  MessageAllowance allowance;
  EXPECT_EQ(Count(allowance, 1 << 20, kThen, 100), 100);
  EXPECT_LE(Count(allowance, 0, kThen), MessageAllowance::kMessages);
}

TEST(MessageAllowance, SlowStreamMayBringLittle) {
  MessageAllowance allowance;
  absl::Time now = SteadyNow();
  for (int i = 0; i < 10000; ++i) {
    now += absl::Milliseconds(10);
    ASSERT_TRUE(allowance.Take(0, now).ok()) << i;
  }
  EXPECT_LE(Count(allowance, 0, now), MessageAllowance::kMessages);
  EXPECT_EQ(Count(allowance, 0, now + absl::Hours(1)), MessageAllowance::kMessages);
}

}  // namespace
}  // namespace toolboxd::files
