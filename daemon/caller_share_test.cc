// SPDX-License-Identifier: Apache-2.0

#include "daemon/caller_share.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(CallerShare, UsersAtTheirLimitsLeaveAPlaceForAnother) {
  constexpr size_t kPlaces = 32;
  std::vector<size_t> users;
  size_t taken = 0;
  while (CallerMayTake(0, taken, kPlaces)) {
    size_t own = 0;
    for (; CallerMayTake(own, taken, kPlaces); ++own) ++taken;
    users.push_back(own);
  }
  EXPECT_THAT(users, testing::ElementsAre(16, 8, 4, 2, 1, 1));
  EXPECT_EQ(taken, kPlaces);
}

}  // namespace
}  // namespace toolboxd
