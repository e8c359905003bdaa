// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/status_text.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(StatusText, ShowsAGuestThatIsNotRegistered) {
  EXPECT_EQ(StatusText(v1::TransportStatus(), absl::UTCTimeZone()),
            "registered              no\n"
            "channel                 none\n");
}

TEST(StatusText, ShowsServicesAndSortedCounters) {
  v1::TransportStatus status;
  status.set_registered(true);
  status.set_registered_time(1700000000);
  status.set_channel("backdoor, high bandwidth");
  (*status.mutable_counters())["requests"] = 2;
  (*status.mutable_counters())["polls"] = 100;
  v1::ServiceStatus* guestinfod = status.add_services();
  guestinfod->set_name("guestinfod");
  guestinfod->set_connected(true);
  v1::ServiceStatus* powerd = status.add_services();
  powerd->set_name("powerd");
  powerd->set_calls(3);
  powerd->set_failures(1);
  powerd->set_last_error("down");
  EXPECT_EQ(StatusText(status, absl::UTCTimeZone()),
            "registered              yes, since 2023-11-14 22:13:20 UTC\n"
            "channel                 backdoor, high bandwidth\n"
            "guestinfod              connected\n"
            "powerd                  not connected, 3 calls, 1 failed (last: down)\n"
            "polls                   100\n"
            "requests                2\n");
}

TEST(StatusText, ShowsSnapshots) {
  v1::TransportStatus status;
  status.mutable_snapshots()->set_ended(3);
  status.mutable_snapshots()->set_failed(1);
  status.mutable_snapshots()->set_last_frozen_us(41500);
  const std::string head = "registered              no\nchannel                 none\n";
  EXPECT_EQ(StatusText(status, absl::UTCTimeZone()),
            head + "snapshots               3 ended, 1 failed, the last one froze for 41.5ms\n");
  status.mutable_snapshots()->Clear();
  status.mutable_snapshots()->set_running(true);
  EXPECT_EQ(StatusText(status, absl::UTCTimeZone()),
            head + "snapshots               one is being taken, 0 ended, 0 failed\n");
}

TEST(StatusText, ShowsWhatIsBroken) {
  v1::TransportStatus status;
  status.mutable_policy()->set_state(v1::ConfigurationStatus::BROKEN);
  status.mutable_policy()->add_faults("/p: line 1, column 2: bad");
  status.mutable_routes()->set_state(v1::ConfigurationStatus::BROKEN);
  status.mutable_routes()->add_faults("/a: bad");
  status.mutable_routes()->add_faults("/b: bad");
  EXPECT_EQ(
      StatusText(status, absl::UTCTimeZone()),
      "registered              no\n"
      "channel                 none\n"
      "policy                  broken, guest operations are refused: /p: line 1, column 2: bad\n"
      "routes                  broken, skipped: /a: bad\n"
      "routes                  broken, skipped: /b: bad\n");
}

TEST(StatusText, ShowsWhatWasRead) {
  v1::TransportStatus status;
  status.mutable_policy()->set_state(v1::ConfigurationStatus::READ);
  status.mutable_routes()->set_state(v1::ConfigurationStatus::READ);
  EXPECT_EQ(StatusText(status, absl::UTCTimeZone()),
            "registered              no\n"
            "channel                 none\n"
            "policy                  read\n"
            "routes                  read\n");
  status.mutable_policy()->set_state(v1::ConfigurationStatus::ABSENT);
  status.mutable_routes()->set_state(v1::ConfigurationStatus::ABSENT);
  EXPECT_EQ(StatusText(status, absl::UTCTimeZone()),
            "registered              no\n"
            "channel                 none\n"
            "policy                  no file, everything is permitted\n"
            "routes                  none\n");
}

}  // namespace
}  // namespace toolboxd
