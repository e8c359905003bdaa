// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/self_test.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

bool AllHold(const std::vector<SelfTestResult>& results) {
  return std::all_of(results.begin(), results.end(),
                     [](const SelfTestResult& result) { return result.fault.empty(); });
}

v1::TransportStatus Good() {
  v1::TransportStatus status;
  status.set_channel("backdoor");
  status.set_registered(true);
  status.set_reported_address("192.0.2.1");
  status.mutable_policy()->set_state(v1::ConfigurationStatus::READ);
  v1::ServiceStatus* guestinfod = status.add_services();
  guestinfod->set_name("guestinfod");
  guestinfod->set_connected(true);
  return status;
}

TEST(SelfTest, HealthyGuestHasNoFault) { EXPECT_TRUE(AllHold(CheckStatus(Good()))); }

TEST(SelfTest, EachFaultIsFoundAndNamed) {
  v1::TransportStatus status = Good();
  status.clear_channel();
  EXPECT_FALSE(AllHold(CheckStatus(status)));
  status = Good();
  status.set_registered(false);
  EXPECT_FALSE(AllHold(CheckStatus(status)));
  status = Good();
  status.clear_reported_address();
  EXPECT_FALSE(AllHold(CheckStatus(status)));
  status = Good();
  status.mutable_services(0)->set_connected(false);
  status.mutable_services(0)->set_last_error("killed");
  EXPECT_TRUE(absl::StrContains(SelfTestText(CheckStatus(status), {}), "killed"));
  status = Good();
  status.mutable_policy()->set_state(v1::ConfigurationStatus::BROKEN);
  status.mutable_policy()->add_faults("/p: line 3");
  EXPECT_TRUE(absl::StrContains(SelfTestText(CheckStatus(status), {}),
                                "FAIL  the policy can be read: /p: line 3"));
}

TEST(SelfTest, ItemThatTheHostRefusesIsAFault) {
  v1::ReportedInfo info;
  EXPECT_FALSE(AllHold(CheckReported(info)));
  info.mutable_snapshot();
  EXPECT_TRUE(AllHold(CheckReported(info)));
  v1::ReportedItem* item = info.add_items();
  item->set_name("disks");
  item->set_state(v1::ReportedItem::REFUSED);
  EXPECT_FALSE(AllHold(CheckReported(info)));
}

}  // namespace
}  // namespace toolboxd
