// SPDX-License-Identifier: Apache-2.0

#include "transportd/statistics/histogram.h"

#include <cmath>

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(Histogram, ClassesIncludeTheOnesBelow) {
  Histogram histogram;
  histogram.Record(absl::Microseconds(100));
  histogram.Record(absl::Microseconds(101));
  histogram.Record(absl::Seconds(2));
  histogram.Record(absl::Hours(1));
  const v1::HistogramValue value = histogram.Value();
  ASSERT_EQ(value.buckets_size(), 11);
  EXPECT_EQ(value.buckets(0).count(), 1u);
  EXPECT_DOUBLE_EQ(value.buckets(0).upper_bound(), 0.0001);
  EXPECT_EQ(value.buckets(1).count(), 2u);
  EXPECT_EQ(value.buckets(8).count(), 2u);
  EXPECT_EQ(value.buckets(9).count(), 3u);
  EXPECT_EQ(value.buckets(10).count(), 4u);
  EXPECT_TRUE(std::isinf(value.buckets(10).upper_bound()));
  EXPECT_EQ(value.count(), 4u);
  EXPECT_NEAR(value.sum(), 3602.000201, 1e-9);
}

TEST(Histogram, TimeThatRanBackwardsIsNone) {
  Histogram histogram;
  histogram.Record(-absl::Seconds(1));
  EXPECT_EQ(histogram.Value().buckets(0).count(), 1u);
  EXPECT_EQ(histogram.Value().sum(), 0);
}

}  // namespace
}  // namespace toolboxd
