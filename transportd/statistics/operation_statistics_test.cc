// SPDX-License-Identifier: Apache-2.0

#include "transportd/statistics/operation_statistics.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(OperationStatistics, ResultsAreCountedByOperation) {
  OperationStatistics statistics;
  statistics.Count("ListFilesInGuest", 0);
  statistics.Count("ListFilesInGuest", 0);
  statistics.Count("ListFilesInGuest", 3050);
  v1::Metrics metrics;
  statistics.AddTo(metrics);
  ASSERT_EQ(metrics.families(0).metrics_size(), 2);
  EXPECT_EQ(metrics.families(0).metrics(0).labels().at("operation"), "ListFilesInGuest");
  EXPECT_EQ(metrics.families(0).metrics(0).labels().at("result"), "0");
  EXPECT_EQ(metrics.families(0).metrics(0).value(), 2);
  EXPECT_EQ(metrics.families(0).metrics(1).labels().at("result"), "3050");
}

TEST(OperationStatistics, NumberOfSeriesIsBounded) {
  OperationStatistics statistics;
  for (uint32_t code = 0; code < 10000; ++code) statistics.Count("X", code);
  v1::Metrics metrics;
  statistics.AddTo(metrics);
  EXPECT_LE(metrics.families(0).metrics_size(),
            static_cast<int>(OperationStatistics::kMaxPairs) + 2);
  double sum = 0;
  for (const v1::Metric& metric : metrics.families(0).metrics()) sum += metric.value();
  EXPECT_EQ(sum, 10000);
}

}  // namespace
}  // namespace toolboxd
