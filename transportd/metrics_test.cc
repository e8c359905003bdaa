// SPDX-License-Identifier: Apache-2.0

#include "transportd/metrics.h"

#include <errno.h>

#include <map>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "transportd/vsock/socket_channel.h"
#include "transportd/vsock/testing/socketpair_system.h"

namespace toolboxd {
namespace {

const v1::MetricFamily* Find(const v1::Metrics& metrics, const std::string& name) {
  for (const v1::MetricFamily& family : metrics.families()) {
    if (family.name() == name) return &family;
  }
  return nullptr;
}

v1::TransportStatus Status() {
  v1::TransportStatus status;
  status.set_version("0.2.0");
  status.set_registered(true);
  (*status.mutable_counters())["polls"] = 5;
  v1::ServiceStatus* guestinfod = status.add_services();
  guestinfod->set_name("guestinfod");
  guestinfod->set_memory_bytes(1 << 20);
  guestinfod->set_restarts(2);
  status.mutable_snapshots()->set_ended(3);
  status.mutable_snapshots()->set_failed(1);
  status.mutable_snapshots()->set_last_frozen_us(41500);
  return status;
}

TEST(Metrics, StatusBecomesFamilies) {
  v1::Metrics metrics;
  AddStatusMetrics(Status(), metrics);
  EXPECT_EQ(Find(metrics, "toolboxd_polls")->metrics(0).value(), 5);
  EXPECT_EQ(Find(metrics, "toolboxd_registered")->metrics(0).value(), 1);
  EXPECT_EQ(Find(metrics, "toolboxd_channel_open")->metrics(0).value(), 0);
  EXPECT_EQ(Find(metrics, "toolboxd_service_restarts")->metrics(0).value(), 2);
  EXPECT_EQ(Find(metrics, "toolboxd_service_errors")->metrics_size(), 0);
  EXPECT_EQ(Find(metrics, "toolboxd_snapshots")->metrics(0).value(), 2);
  EXPECT_DOUBLE_EQ(Find(metrics, "toolboxd_snapshot_last_frozen_seconds")->metrics(0).value(),
                   0.0415);
}

TEST(Metrics, ChannelsNameTheirTransport) {
  v1::TransportStatus status = Status();
  status.set_channel("backdoor, high bandwidth");
  status.set_rpci_channel("vsock");
  v1::Metrics metrics;
  AddStatusMetrics(status, metrics);
  const v1::MetricFamily* family = Find(metrics, "toolboxd_channel_info");
  ASSERT_EQ(family->metrics_size(), 2);
  EXPECT_EQ(family->metrics(0).labels().at("protocol"), "tclo");
  EXPECT_EQ(family->metrics(0).labels().at("transport"), "backdoor");
  EXPECT_EQ(family->metrics(1).labels().at("protocol"), "rpci");
  EXPECT_EQ(family->metrics(1).labels().at("transport"), "vsock");
  EXPECT_EQ(family->metrics(0).labels().count("no_vsock"), 0u);
}

// The label of a guest whose TCLO channel over vsock has failed with this error.
std::string NoVsock(const absl::Status& error) {
  EXPECT_FALSE(error.ok());
  v1::TransportStatus status;
  status.set_channel("backdoor");
  status.set_channel_reason(std::string(error.message()));
  v1::Metrics metrics;
  AddStatusMetrics(status, metrics);
  return Find(metrics, "toolboxd_channel_info")->metrics(0).labels().at("no_vsock");
}

TEST(Metrics, ReasonWhyVsockIsNotInUseIsAConstant) {
  vsock::SocketpairSystem system;
  vsock::SocketChannel channel(&system, Protocol::kTclo);
  system.socket_results = {-EAFNOSUPPORT};
  EXPECT_EQ(NoVsock(channel.Open()), "no device");
  system.connect_results = {-ECONNRESET};
  EXPECT_EQ(NoVsock(channel.Open()), "refused");
  system.undecided = true;
  EXPECT_EQ(NoVsock(channel.Open()), "no answer");
  system.undecided = false;
  ASSERT_TRUE(channel.Open().ok());
  system.now += absl::Seconds(3);
  EXPECT_EQ(NoVsock(channel.Receive().status()), "no answer");
  ASSERT_TRUE(channel.Open().ok());
  system.HostLeaves();
  EXPECT_EQ(NoVsock(channel.Receive().status()), "ended");
  ASSERT_TRUE(channel.Open().ok());
  system.HostSends(std::string(4, '\xff'));
  EXPECT_EQ(NoVsock(channel.Receive().status()), "malformed packet");
}

TEST(Metrics, LiveNumbersBecomeFamilies) {
  v1::Metrics metrics;
  AddLiveMetrics({.hgfsd_sessions = 2, .transfers_to_guest = 1, .bytes_to_guest = 77}, metrics);
  EXPECT_EQ(Find(metrics, "toolboxd_sessions")->metrics(0).value(), 2);
  EXPECT_EQ(Find(metrics, "toolboxd_transfers")->metrics(1).value(), 1);
  EXPECT_EQ(Find(metrics, "toolboxd_transfer_bytes")->metrics(1).value(), 77);
}

TEST(Metrics, FamiliesAreThereOnceAndEndWithTheirUnit) {
  v1::Metrics metrics;
  AddStatusMetrics(Status(), metrics);
  AddLiveMetrics({}, metrics);
  std::set<std::string> names;
  for (const v1::MetricFamily& family : metrics.families()) {
    EXPECT_TRUE(names.insert(family.name()).second) << family.name();
    EXPECT_FALSE(family.help().empty()) << family.name();
    if (family.unit().empty()) continue;
    EXPECT_EQ(family.name().substr(family.name().size() - family.unit().size()), family.unit());
  }
}

}  // namespace
}  // namespace toolboxd
