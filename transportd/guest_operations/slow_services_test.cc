// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/slow_services.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kLimit = absl::Seconds(5);

class SlowServicesTest : public ::testing::Test {
 protected:
  void Wait(absl::Duration time = kLimit) {
    now_ += time;
    services_.Waited("alice", time, now_);
  }
  bool Refused() { return services_.Refuses("alice", now_); }

  // Which part of ten hours alice's requests take, each of this time, if they come at once.
  static double PartOfTheTime(absl::Duration request) {
    SlowServices services(kLimit);
    absl::Time now = absl::FromUnixSeconds(1000);
    absl::Duration waited;
    const absl::Time begin = now;
    while (now < begin + absl::Hours(10)) {
      if (services.Refuses("alice", now)) {
        now += absl::Milliseconds(100);
        continue;
      }
      now += request;
      services.Waited("alice", request, now);
      waited += request;
    }
    return absl::FDivDuration(waited, now - begin);
  }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  SlowServices services_{kLimit};
};

TEST_F(SlowServicesTest, OneSlowRequestIsForgivenHoweverLong) {
  Wait(absl::Minutes(1));
  EXPECT_FALSE(Refused());
  now_ += SlowServices::kShare * kLimit;
  Wait(absl::Minutes(1));
  EXPECT_FALSE(Refused());
}

TEST_F(SlowServicesTest, SlowUserGetsATenthOfTheTimeWhateverEachRequestTakes) {
  for (const absl::Duration request :
       {SlowServices::kSlow, absl::Milliseconds(1990), kLimit, absl::Seconds(40)}) {
    EXPECT_NEAR(PartOfTheTime(request), 0.1, 0.005) << request;
  }
}

TEST_F(SlowServicesTest, SlowRequestNowAndThenIsServed) {
  for (int i = 0; i < 1000; ++i) {
    Wait(absl::Seconds(1));
    EXPECT_FALSE(Refused());
    now_ += absl::Seconds(10);
  }
}

TEST_F(SlowServicesTest, OtherUsersAreNotRefused) {
  Wait();
  Wait();
  EXPECT_TRUE(Refused());
  EXPECT_FALSE(services_.Refuses("bob", now_));
}

TEST_F(SlowServicesTest, BesideOthersNoRequestTakesASecond) {
  EXPECT_EQ(services_.LimitOf("alice", now_), kLimit);
  services_.Served("alice", now_);
  EXPECT_EQ(services_.LimitOf("alice", now_), kLimit);
  services_.Served("bob", now_);
  EXPECT_LT(services_.LimitOf("alice", now_), absl::Seconds(1));
  // Requests of the same user since then change nothing.
  for (int i = 0; i < 3; ++i) services_.Served("alice", now_ + absl::Seconds(i));
  EXPECT_LT(services_.LimitOf("alice", now_ + absl::Seconds(9)), absl::Seconds(1));
  EXPECT_EQ(services_.LimitOf("alice", now_ + SlowServices::kCompany), kLimit);
  EXPECT_LT(services_.LimitOf("bob", now_ + absl::Seconds(9)), absl::Seconds(1));
}

TEST_F(SlowServicesTest, RefusalsEnd) {
  Wait();
  Wait();
  EXPECT_TRUE(Refused());
  now_ += SlowServices::kShare * kLimit;
  EXPECT_FALSE(Refused());
}

}  // namespace
}  // namespace toolboxd
