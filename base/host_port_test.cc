// SPDX-License-Identifier: Apache-2.0

#include "base/host_port.h"

#include "base/testing/host_port_cases.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(HostPort, SplitsValidTextsAndRefusesOthers) {
  for (const HostPortCase& item : kHostPortCases) {
    const std::optional<HostPort> parsed = ParseHostPort(item.text);
    ASSERT_EQ(parsed.has_value(), item.port != 0) << item.text;
    if (!parsed) continue;
    EXPECT_EQ(parsed->host, item.host) << item.text;
    EXPECT_EQ(parsed->port, item.port) << item.text;
  }
}

TEST(HostPort, SplitDoesNotCheckThePort) {
  EXPECT_EQ(SplitHostPort("*:*")->host, "*");
  EXPECT_EQ(SplitHostPort("*:*")->port, "*");
  EXPECT_EQ(SplitHostPort("[::1]:*")->host, "::1");
  EXPECT_FALSE(SplitHostPort("::1:*").has_value());
}

}  // namespace
}  // namespace toolboxd
