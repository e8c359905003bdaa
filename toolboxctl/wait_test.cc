// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/wait.h"

#include <string>

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

bool Holds(const char* name, const v1::TransportStatus& status) {
  return WaitCondition(name)->holds(status);
}

TEST(Wait, ConditionsFollowEachOther) {
  v1::TransportStatus status;
  EXPECT_FALSE(Holds("channel", status));
  status.set_channel("backdoor");
  EXPECT_TRUE(Holds("channel", status));
  EXPECT_FALSE(Holds("registered", status));
  status.set_reported_address("192.0.2.1");
  EXPECT_FALSE(Holds("address", status));
  status.set_registered(true);
  EXPECT_TRUE(Holds("registered", status));
  EXPECT_TRUE(Holds("address", status));
  status.clear_reported_address();
  EXPECT_FALSE(Holds("address", status));
}

TEST(Wait, UnknownConditionNamesTheOthers) {
  const std::string message(WaitCondition("nothing").status().message());
  EXPECT_NE(message.find("'nothing'"), std::string::npos);
  EXPECT_NE(message.find("channel, registered, address"), std::string::npos);
}

}  // namespace
}  // namespace toolboxd
