// SPDX-License-Identifier: Apache-2.0

#include "transportd/status_board.h"

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
