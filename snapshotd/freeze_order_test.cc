// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/freeze_order.h"

#include <algorithm>
#include <random>

#include "gtest/gtest.h"

namespace toolboxd::snapshotd {
namespace {

using Order = std::vector<size_t>;

TEST(FreezeOrder, LastMountedIsFirst) {
  EXPECT_EQ(FreezeOrder({{}, {}, {}}), (Order{2, 1, 0}));
  EXPECT_EQ(FreezeOrder({}), Order{});
}

TEST(FreezeOrder, UpperIsBeforeLower) {
  // 0 lies on 2, although 2 was mounted later.
  EXPECT_EQ(FreezeOrder({{{2}}, {}, {}}), (Order{1, 0, 2}));
  // 0 lies on 1, which lies on 2.
  EXPECT_EQ(FreezeOrder({{{1}}, {{2}}, {}}), (Order{0, 1, 2}));
  // Two on one, one on two.
  EXPECT_EQ(FreezeOrder({{{1, 3}}, {}, {{3}}, {}}), (Order{2, 0, 3, 1}));
}

TEST(FreezeOrder, WhatLiesAnywhereIsBeforeAllOthers) {
  EXPECT_EQ(FreezeOrder({{}, {{}, true}, {}}), (Order{1, 2, 0}));
  // With what lies on it, and with what is below it after it.
  EXPECT_EQ(FreezeOrder({{{1}}, {{2}, true}, {}, {}}), (Order{0, 1, 3, 2}));
  EXPECT_EQ(FreezeOrder({{{}, true}, {{}, true}, {}}), (Order{1, 0, 2}));
}

TEST(FreezeOrder, CircleIsCutAtItsLastOne) {
  EXPECT_EQ(FreezeOrder({{{1}}, {{0}}, {}}), (Order{2, 1, 0}));
  EXPECT_EQ(FreezeOrder({{{0}}, {}}), (Order{1, 0}));
  EXPECT_EQ(FreezeOrder({{{1, 1, 0}, true}, {{0, 0}, true}}), (Order{1, 0}));
}

TEST(FreezeOrder, RandomLayersAreInOrder) {
  std::minstd_rand random(1);
  for (int round = 0; round < 1000; ++round) {
    const size_t count = 1 + random() % 12;
    // Some order that is possible; each lies on later ones of it only.
    Order possible(count);
    for (size_t i = 0; i < count; ++i) possible[i] = i;
    std::shuffle(possible.begin(), possible.end(), random);
    std::vector<Layer> layers(count);
    for (size_t i = 0; i + 1 < count; ++i) {
      for (size_t n = random() % 3; n > 0; --n) {
        layers[possible[i]].lower.push_back(possible[i + 1 + random() % (count - i - 1)]);
      }
      layers[possible[i]].lies_anywhere = random() % 8 == 0;
    }
    const Order order = FreezeOrder(layers);
    ASSERT_EQ(order.size(), count);
    Order position(count, count);
    for (size_t i = 0; i < count; ++i) position[order[i]] = i;
    for (size_t i = 0; i < count; ++i) {
      ASSERT_LT(position[i], count);
      for (const size_t lower : layers[i].lower) EXPECT_LT(position[i], position[lower]);
    }
  }
}

TEST(FreezeOrder, LongChainsAndCirclesTakeNoTime) {
  std::vector<Layer> chain(20000);
  for (size_t i = 0; i + 1 < chain.size(); ++i) chain[i].lower.push_back(i + 1);
  const Order order = FreezeOrder(chain);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  chain.back().lower.push_back(0);
  EXPECT_EQ(FreezeOrder(chain).size(), chain.size());
}

}  // namespace
}  // namespace toolboxd::snapshotd
