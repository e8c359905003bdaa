// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/freeze_order.h"

#include <algorithm>
#include <random>

#include "gtest/gtest.h"

namespace toolboxd::snapshotd {
namespace {

using Order = std::vector<size_t>;
using Groups = std::vector<Order>;

TEST(FreezeOrder, LastMountedIsFirstInItsGroup) {
  EXPECT_EQ(FreezeOrder({{}, {}, {}}), (Groups{{2, 1, 0}}));
  EXPECT_EQ(FreezeOrder({}), Groups{});
}

TEST(FreezeOrder, UpperIsInAGroupBeforeLower) {
  // 0 lies on 2, although 2 was mounted later.
  EXPECT_EQ(FreezeOrder({{{2}}, {}, {}}), (Groups{{1, 0}, {2}}));
  // 0 lies on 1, which lies on 2.
  EXPECT_EQ(FreezeOrder({{{1}}, {{2}}, {}}), (Groups{{0}, {1}, {2}}));
  // Two on one, one on two.
  EXPECT_EQ(FreezeOrder({{{1, 3}}, {}, {{3}}, {}}), (Groups{{2, 0}, {3, 1}}));
}

TEST(FreezeOrder, FileSystemInAnUnknownPlaceFreezesAloneAndFirst) {
  EXPECT_EQ(FreezeOrder({{}, {{}, true}, {}}), (Groups{{1}, {2, 0}}));
  // With what lies on it, and with what is below it after it.
  EXPECT_EQ(FreezeOrder({{{1}}, {{2}, true}, {}, {}}), (Groups{{0}, {1}, {3, 2}}));
  EXPECT_EQ(FreezeOrder({{{}, true}, {{}, true}, {}}), (Groups{{1}, {0}, {2}}));
}

TEST(FreezeOrder, FileSystemThatHoldsDisksFreezesAfterThoseThatHoldNone) {
  EXPECT_EQ(FreezeOrder({{}, {{}, false, true}, {}}), (Groups{{2, 0}, {1}}));
  EXPECT_EQ(FreezeOrder({{{}, false, true}, {{0}, false, true}}), (Groups{{1}, {0}}));
  // What lies anywhere comes first all the same.
  EXPECT_EQ(FreezeOrder({{}, {{}, true, true}}), (Groups{{1}, {0}}));
}

TEST(FreezeOrder, CircleIsCutAtItsLastFileSystem) {
  EXPECT_EQ(FreezeOrder({{{1}}, {{0}}, {}}), (Groups{{2}, {1}, {0}}));
  EXPECT_EQ(FreezeOrder({{{0}}, {}}), (Groups{{1, 0}}));
  EXPECT_EQ(FreezeOrder({{{1, 1, 0}, true}, {{0, 0}, true}}), (Groups{{1}, {0}}));
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
      layers[possible[i]].holds_disks = random() % 4 == 0;
    }
    const Groups groups = FreezeOrder(layers);
    Order group_of(count, count);
    size_t found = 0;
    for (size_t group = 0; group < groups.size(); ++group) {
      found += groups[group].size();
      for (const size_t i : groups[group]) group_of[i] = group;
    }
    EXPECT_EQ(found, count);
    for (size_t i = 0; i < count; ++i) {
      ASSERT_LT(group_of[i], count);
      for (const size_t lower : layers[i].lower) EXPECT_LT(group_of[i], group_of[lower]);
      if (!layers[i].lies_anywhere) continue;
      EXPECT_EQ(groups[group_of[i]].size(), 1u);
    }
  }
}

TEST(FreezeOrder, LongChainsAndCirclesTakeNoTime) {
  std::vector<Layer> chain(20000);
  for (size_t i = 0; i + 1 < chain.size(); ++i) chain[i].lower.push_back(i + 1);
  const Groups groups = FreezeOrder(chain);
  ASSERT_EQ(groups.size(), chain.size());
  for (size_t i = 0; i < chain.size(); ++i) ASSERT_EQ(groups[i], Order{i});
  chain.back().lower.push_back(0);
  EXPECT_EQ(FreezeOrder(chain).size(), chain.size());
}

}  // namespace
}  // namespace toolboxd::snapshotd
