// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/slow_services.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(5);

class SlowServicesTest : public ::testing::Test {
 protected:
  void Wait() {
    now_ += kLimit;
    services_.Waited("alice", kLimit, now_);
  }
  bool Refused() { return services_.Refuses("alice", now_); }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  SlowServices services_;
};

TEST_F(SlowServicesTest, OneSlowRequestIsForgiven) {
  Wait();
  EXPECT_FALSE(Refused());
  now_ += SlowServices::kMemory;
  Wait();
  EXPECT_FALSE(Refused());
}

TEST_F(SlowServicesTest, SlowUserGetsATenthOfTheTime) {
  Wait();
  absl::Duration waited;
  const absl::Time begin = now_;
  while (now_ < begin + absl::Hours(1)) {
    if (Refused()) {
      now_ += absl::Seconds(1);
    } else {
      Wait();
      waited += kLimit;
    }
  }
  EXPECT_LE(waited, absl::Minutes(6) + kLimit);
  EXPECT_GE(waited, absl::Minutes(5));
}

TEST_F(SlowServicesTest, OtherUsersAreNotRefused) {
  Wait();
  Wait();
  EXPECT_TRUE(Refused());
  EXPECT_FALSE(services_.Refuses("bob", now_));
}

TEST_F(SlowServicesTest, RefusalsEnd) {
  Wait();
  Wait();
  now_ += SlowServices::kPause * kLimit;
  EXPECT_FALSE(Refused());
}

}  // namespace
}  // namespace toolboxd
