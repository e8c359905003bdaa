// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/customize_host.h"

#include "gtest/gtest.h"

namespace toolboxd::vmxsim {
namespace {

TEST(CustomizeHost, KeepsStatesInOrder) {
  CustomizeHost host;
  const absl::Time now = absl::FromUnixSeconds(1);
  EXPECT_EQ(host.OnState("3", now), "1 ");
  EXPECT_EQ(host.OnState("4 0 /log", now), "1 ");
  ASSERT_EQ(host.Since(0).size(), 2u);
  EXPECT_EQ(host.Since(1)[0].text, "4 0 /log");
  EXPECT_EQ(host.Since(1)[0].number, 2u);
  EXPECT_EQ(host.last_number(), 2u);
}

TEST(CustomizeHost, NetworkIsConnectedAtTheThirdQuery) {
  CustomizeHost host;
  const absl::Time now = absl::FromUnixSeconds(1);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(host.OnState("4 103 /log@1", now), "1 queryNicsSupported");
    EXPECT_EQ(host.OnState("4 104 /log@1", now), "1 disconnected");
    EXPECT_EQ(host.OnState("4 104 /log@1", now), "1 disconnected");
    EXPECT_EQ(host.OnState("4 104 /log@1", now), "1 connected");
  }
}

TEST(CustomizeHost, NonsenseIsRefusedAndNotKept) {
  CustomizeHost host;
  for (const char* text : {"", "x", "9 0", "45 0", " 3"}) {
    EXPECT_EQ(host.OnState(text, absl::FromUnixSeconds(1)), "0 Invalid state") << text;
  }
  EXPECT_EQ(host.last_number(), 0u);
}

TEST(CustomizeHost, OldStatesMakePlaceForNewOnes) {
  CustomizeHost host;
  for (size_t i = 0; i < CustomizeHost::kMaxStates + 5; ++i) {
    host.OnState("3", absl::FromUnixSeconds(1));
  }
  EXPECT_EQ(host.Since(0).size(), CustomizeHost::kMaxStates);
  EXPECT_EQ(host.Since(0)[0].number, 6u);
}

}  // namespace
}  // namespace toolboxd::vmxsim
