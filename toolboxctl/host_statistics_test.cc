// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/host_statistics.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(HostStatisticsText, NumbersLimitsAndTextsAreLines) {
  v1::HostStatistics statistics;
  v1::HostStatistic* used = statistics.add_statistics();
  used->set_name("cpu_used");
  used->set_value(123456);
  used->set_unit("ms");
  v1::HostStatistic* limit = statistics.add_statistics();
  limit->set_name("cpu_limit");
  limit->set_value(0xffffffff);
  limit->set_unlimited(true);
  v1::HostStatistic* pool = statistics.add_statistics();
  pool->set_name("resource_pool");
  pool->set_text("host/user/pool0");
  EXPECT_EQ(HostStatisticsText(statistics, {}),
            "cpu_used       123456  ms\n"
            "cpu_limit        none\n"
            "resource_pool          host/user/pool0\n");
  EXPECT_EQ(HostStatisticsText({}, {}), "the host has no values\n");
}

}  // namespace
}  // namespace toolboxd
