// SPDX-License-Identifier: Apache-2.0

#include "transportd/statistics/request_statistics.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(RequestStatistics, RequestsHaveKinds) {
  EXPECT_EQ(RequestStatistics::KindOf("ping"), "ping");
  EXPECT_EQ(RequestStatistics::KindOf("f \x01\x02"), "hgfs");
  EXPECT_EQ(RequestStatistics::KindOf("OS_Halt"), "power");
  EXPECT_EQ(RequestStatistics::KindOf("vmbackup.startWithOpts x"), "snapshot");
  EXPECT_EQ(RequestStatistics::KindOf("Time_Synchronize 0"), "time");
  EXPECT_EQ(RequestStatistics::KindOf(""), "other");
}

TEST(RequestStatistics, HostCannotMakeMoreKinds) {
  RequestStatistics statistics;
  for (int i = 0; i < 1000; ++i) {
    statistics.Record(absl::StrCat("Command", i), i % 2 == 0, absl::Microseconds(1));
  }
  v1::Metrics metrics;
  statistics.AddTo(metrics);
  ASSERT_EQ(metrics.families_size(), 2);
  ASSERT_EQ(metrics.families(0).metrics_size(), 1);
  EXPECT_EQ(metrics.families(0).metrics(0).labels().at("kind"), "other");
  EXPECT_EQ(metrics.families(0).metrics(0).histogram().count(), 1000u);
  ASSERT_EQ(metrics.families(1).metrics_size(), 1);
  EXPECT_EQ(metrics.families(1).metrics(0).value(), 500);
}

}  // namespace
}  // namespace toolboxd
