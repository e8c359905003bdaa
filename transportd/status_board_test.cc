// SPDX-License-Identifier: Apache-2.0

#include "transportd/status_board.h"

#include <string>
#include <vector>

#include "base/version.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(StatusBoard, CountersAreKeptByName) {
  StatusBoard board;
  board.Count("polls");
  board.Count("polls", 2);
  EXPECT_EQ(board.Get().counters().at("polls"), 3u);
}

TEST(StatusBoard, TimeIsThatOfTheLastRegistration) {
  StatusBoard board;
  EXPECT_FALSE(board.Get().registered());
  EXPECT_EQ(board.Get().registered_time(), 0);
  board.SetRegistered(true);
  EXPECT_TRUE(board.Get().registered());
  const int64_t time = board.Get().registered_time();
  EXPECT_GT(time, 0);
  board.SetRegistered(false);
  EXPECT_FALSE(board.Get().registered());
  EXPECT_EQ(board.Get().registered_time(), time);
}

TEST(StatusBoard, SnapshotsAreCounted) {
  StatusBoard board;
  EXPECT_FALSE(board.Get().has_snapshots());
  board.BeginSnapshot();
  EXPECT_TRUE(board.Get().snapshots().running());
  board.SetFrozenTime(1500);
  board.EndSnapshot(StatusBoard::Snapshot::kTaken);
  board.BeginSnapshot();
  board.EndSnapshot(StatusBoard::Snapshot::kFailed);
  const v1::SnapshotStatus snapshots = board.Get().snapshots();
  EXPECT_FALSE(snapshots.running());
  EXPECT_EQ(snapshots.ended(), 2u);
  EXPECT_EQ(snapshots.failed(), 1u);
  EXPECT_EQ(snapshots.last_frozen_us(), 1500u);
}

TEST(StatusBoard, ServicesShowConnectionsCallsAndErrors) {
  StatusBoard board;
  board.SetConnected("guestinfod");
  board.CountCall("powerd", absl::OkStatus());
  board.CountCall("powerd", absl::UnavailableError("down"));
  board.SetDisconnected("guestinfod", absl::UnavailableError("ended"));
  const v1::TransportStatus status = board.Get();
  ASSERT_EQ(status.services_size(), 2);
  EXPECT_EQ(status.services(0).name(), "guestinfod");
  EXPECT_FALSE(status.services(0).connected());
  EXPECT_EQ(status.services(0).last_error(), "ended");
  EXPECT_EQ(status.services(1).calls(), 2u);
  EXPECT_EQ(status.services(1).failures(), 1u);
  EXPECT_EQ(status.services(1).last_error(), "down");
}

TEST(StatusBoard, NewestFailuresOfAServiceAreKept) {
  StatusBoard board;
  for (const char* reason : {"a", "b", "b", "c", "d", "d"}) {
    board.CountCall("powerd", absl::UnavailableError(reason));
  }
  const v1::ServiceStatus powerd = board.Get().services(0);
  EXPECT_EQ(powerd.failures(), 6u);
  ASSERT_EQ(powerd.last_failures_size(), StatusBoard::kMaxFailures);
  EXPECT_EQ(powerd.last_failures(0).reason(), "d");
  EXPECT_EQ(powerd.last_failures(1).reason(), "c");
  EXPECT_EQ(powerd.last_failures(2).reason(), "b");
  EXPECT_GT(powerd.last_failures(0).time(), 0);
}

TEST(StatusBoard, ReasonOfAFailureIsShortText) {
  StatusBoard board;
  board.CountCall("powerd", absl::UnavailableError(std::string(5000, 'x')));
  board.CountCall("vixd", absl::UnavailableError("a\xff\x01"));
  EXPECT_EQ(board.Get().services(0).last_error().size(), StatusBoard::kMaxReason);
  EXPECT_EQ(board.Get().services(1).last_error(), "a??");
}

TEST(StatusBoard, RestartsAreConnectionsAfterTheFirst) {
  StatusBoard board;
  board.SetConnected("guestinfod");
  EXPECT_EQ(board.Get().services(0).restarts(), 0u);
  board.SetDisconnected("guestinfod", absl::UnavailableError("ended"));
  board.SetConnected("guestinfod");
  EXPECT_EQ(board.Get().services(0).restarts(), 1u);
}

TEST(StatusBoard, EndAndReturnOfAStreamAreReported) {
  StatusBoard board;
  std::vector<std::string> faults;
  board.set_on_fault([&faults](const std::string& text) { faults.push_back(text); });
  board.SetConnected("guestinfod");
  board.SetDisconnected("guestinfod", absl::UnavailableError("killed"));
  board.SetDisconnected("guestinfod", absl::UnavailableError("refused"));
  board.SetConnected("guestinfod");
  EXPECT_EQ(faults,
            (std::vector<std::string>{"guestinfod has ended: killed", "guestinfod runs again"}));
}

TEST(StatusBoard, VersionAndStartAreKnownAtOnce) {
  StatusBoard board;
  EXPECT_EQ(board.Get().version(), kVersion);
  EXPECT_GT(board.Get().started_time(), 0);
  v1::Host host;
  host.set_product("VMware ESX");
  board.SetHost(host);
  EXPECT_EQ(board.Get().host().product(), "VMware ESX");
}

TEST(StatusBoard, ConfigurationIsThatOfTheLastReading) {
  StatusBoard board;
  EXPECT_EQ(board.Get().policy().state(), v1::ConfigurationStatus::UNKNOWN);
  board.SetConfiguration({}, {.found = true, .faults = {"a: bad", "b: bad"}});
  EXPECT_EQ(board.Get().policy().state(), v1::ConfigurationStatus::ABSENT);
  EXPECT_EQ(board.Get().routes().state(), v1::ConfigurationStatus::BROKEN);
  EXPECT_EQ(board.Get().routes().faults_size(), 2);
  board.SetConfiguration({.found = true, .faults = {"p: bad"}}, {.found = true, .faults = {}});
  EXPECT_EQ(board.Get().policy().faults(0), "p: bad");
  EXPECT_EQ(board.Get().routes().state(), v1::ConfigurationStatus::READ);
  EXPECT_EQ(board.Get().routes().faults_size(), 0);
}

}  // namespace
}  // namespace toolboxd
