// SPDX-License-Identifier: Apache-2.0

#include "transportd/first_result.h"

#include <optional>
#include <thread>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(FirstResult, IsAwaited) {
  FirstResult<int> first;
  std::thread call([&] { EXPECT_TRUE(first.Set(7)); });
  EXPECT_EQ(first.Await(absl::Minutes(1)), 7);
  call.join();
}

TEST(FirstResult, ResultThatIsTooLateIsNotTaken) {
  FirstResult<int> first;
  EXPECT_EQ(first.Await(absl::Milliseconds(1)), std::nullopt);
  EXPECT_FALSE(first.Set(7));
}

// Else one side would go on with a call that the other has given up.
TEST(FirstResult, BothSidesAgreeWhetherItWasTaken) {
  for (int i = 0; i < 200; ++i) {
    FirstResult<int> first;
    bool set = false;
    std::thread call([&] { set = first.Set(7); });
    const bool taken = first.Await(absl::Microseconds(i)).has_value();
    call.join();
    EXPECT_EQ(set, taken);
  }
}

}  // namespace
}  // namespace toolboxd
