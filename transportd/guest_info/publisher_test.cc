// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/publisher.h"

#include <functional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "vmxsim/nic_info.h"

namespace toolboxd::guest_info {
namespace {

using ::std::string_literals::operator""s;

// A host that records what it is sent and refuses what `refuses` selects.
struct FakeHost {
  std::vector<std::string> messages;
  std::function<bool(absl::string_view)> refuses = [](absl::string_view) { return false; };
  std::string data;
  bool connected = true;

  RpciSend Sender() {
    return [this](absl::string_view message) -> absl::StatusOr<RpciReply> {
      if (!connected) return absl::UnavailableError("no channel");
      messages.emplace_back(message);
      if (refuses(message)) return RpciReply{false, "Unknown command"};
      return RpciReply{true, data};
    };
  }

  // Without the values: "SetGuestInfo  10", "SetGuestDiskInfo", "info-set guestinfo.ip".
  std::vector<std::string> TakeNames() {
    std::vector<std::string> names;
    for (const std::string& message : messages) {
      const size_t from = absl::StartsWith(message, "SetGuestInfo  ") ? 14 : 9;
      names.push_back(message.substr(0, message.find(' ', from)));
    }
    messages.clear();
    return names;
  }
};

using Names = std::vector<std::string>;

v1::GuestInfoSnapshot Snapshot() {
  v1::GuestInfoSnapshot snapshot;
  snapshot.set_host_name("vm1");
  snapshot.mutable_operating_system()->set_short_name("debian12-64");
  snapshot.mutable_operating_system()->set_full_name("Linux 6.1.0 Debian");
  snapshot.set_primary_address("10.0.0.5");
  snapshot.add_interfaces()->set_mac_address("00:50:56:aa:bb:cc");
  snapshot.mutable_interfaces(0)->add_addresses()->set_address("10.0.0.5");
  snapshot.add_disks()->set_mount_point("/");
  snapshot.mutable_memory()->set_total_bytes(1 << 30);
  snapshot.set_uptime_centiseconds(12345);
  return snapshot;
}

const Names kEverything = {"SetGuestInfo  10", "SetGuestInfo  1",  "SetGuestInfo  11",
                           "SetGuestInfo  7",  "SetGuestDiskInfo", "SetGuestInfo  8"};

TEST(Publisher, SendsEverythingOnce) {
  FakeHost host;
  Publisher publisher(host.Sender());
  EXPECT_TRUE(publisher.Publish().ok());
  EXPECT_EQ(host.TakeNames(), Names());
  EXPECT_TRUE(publisher.Update(Snapshot()).ok());
  EXPECT_EQ(host.TakeNames(), kEverything);
  EXPECT_TRUE(publisher.Update(Snapshot()).ok());
  EXPECT_EQ(host.TakeNames(), Names());
}

v1::ReportedItem Item(const Publisher& publisher, absl::string_view name) {
  const v1::ReportedInfo info = publisher.Describe();
  for (const v1::ReportedItem& item : info.items()) {
    if (item.name() == name) return item;
  }
  ADD_FAILURE() << "no item " << name;
  return {};
}

TEST(Publisher, DescribesWhatTheHostHas) {
  FakeHost host;
  host.refuses = [](absl::string_view message) {
    return absl::StartsWith(message, "SetGuestInfo  11") ||
           absl::StartsWith(message, "SetGuestInfo  2");
  };
  Publisher publisher(host.Sender());
  EXPECT_FALSE(publisher.Describe().has_snapshot());
  EXPECT_EQ(publisher.ReportedAddress(), "");
  ASSERT_TRUE(publisher.Update(Snapshot()).ok());
  EXPECT_EQ(publisher.ReportedAddress(), "10.0.0.5");
  EXPECT_EQ(publisher.Describe().snapshot().host_name(), "vm1");
  EXPECT_EQ(Item(publisher, "name").state(), v1::ReportedItem::CURRENT);
  EXPECT_GT(Item(publisher, "name").time(), 0);
  EXPECT_EQ(Item(publisher, "ip").state(), v1::ReportedItem::NOT_SENT);
  EXPECT_EQ(Item(publisher, "ip").time(), 0);
  // The host starts again, and the channel is gone before it has anything.
  publisher.Forget();
  EXPECT_EQ(Item(publisher, "name").state(), v1::ReportedItem::NOT_SENT);
  EXPECT_GT(Item(publisher, "name").time(), 0);
  EXPECT_EQ(publisher.ReportedAddress(), "");
}

TEST(Publisher, DescribesWhatTheHostRefuses) {
  FakeHost host;
  Publisher publisher(host.Sender());
  ASSERT_TRUE(publisher.Update(Snapshot()).ok());
  host.refuses = [](absl::string_view) { return true; };
  v1::GuestInfoSnapshot snapshot = Snapshot();
  snapshot.set_host_name("vm2");
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  EXPECT_EQ(Item(publisher, "name").state(), v1::ReportedItem::REFUSED);
  EXPECT_EQ(Item(publisher, "disks").state(), v1::ReportedItem::CURRENT);
}

TEST(Publisher, TextsEndWithNul) {
  FakeHost host;
  Publisher publisher(host.Sender());
  ASSERT_TRUE(publisher.Update(Snapshot()).ok());
  EXPECT_EQ(host.messages[1], "SetGuestInfo  1 vm1\0"s);
  EXPECT_EQ(host.messages[3], "SetGuestInfo  7 12345\0"s);
  EXPECT_EQ(host.messages[4].back(), '\0');
}

TEST(Publisher, SendsOnlyWhatChanged) {
  FakeHost host;
  Publisher publisher(host.Sender());
  v1::GuestInfoSnapshot snapshot = Snapshot();
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  host.TakeNames();
  snapshot.set_host_name("vm2");
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  EXPECT_EQ(host.TakeNames(), Names{"SetGuestInfo  1"});
  snapshot.mutable_interfaces(0)->mutable_addresses(0)->set_address("10.0.0.6");
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  ASSERT_EQ(host.messages.size(), 1u);
  const auto nics = vmxsim::DecodeNicInfo(absl::string_view(host.messages[0]).substr(17));
  ASSERT_TRUE(nics.ok()) << nics.status();
  EXPECT_EQ(nics->nics[0].addresses[0].address, "10.0.0.6");
}

TEST(Publisher, RemovalOfTheLastDiskIsSent) {
  FakeHost host;
  Publisher publisher(host.Sender());
  v1::GuestInfoSnapshot snapshot = Snapshot();
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  host.TakeNames();
  snapshot.clear_disks();
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  EXPECT_EQ(host.TakeNames(), Names{"SetGuestDiskInfo"});
}

TEST(Publisher, NicMethodsAreTriedInOrderAndRemembered) {
  FakeHost host;
  Publisher publisher(host.Sender());
  // Only type 9 with version 2 passes.
  host.refuses = [](absl::string_view message) {
    return absl::StartsWith(message, "SetGuestInfo  10 ") ||
           absl::StartsWith(message, "SetGuestInfo  9 \0\0\0\3"s);
  };
  v1::GuestInfoSnapshot snapshot = Snapshot();
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  const Names names = host.TakeNames();
  EXPECT_EQ(Names(names.begin(), names.begin() + 3),
            (Names{"SetGuestInfo  10", "SetGuestInfo  9", "SetGuestInfo  9"}));
  snapshot.mutable_interfaces(0)->clear_addresses();
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  ASSERT_EQ(host.messages.size(), 1u);
  EXPECT_TRUE(absl::StartsWith(host.messages[0], "SetGuestInfo  9 \0\0\0\2"s));
}

TEST(Publisher, NicMethodsEndWithTheStructure) {
  FakeHost host;
  Publisher publisher(host.Sender());
  host.refuses = [](absl::string_view message) {
    return absl::StartsWith(message, "SetGuestInfo  10 ") ||
           absl::StartsWith(message, "SetGuestInfo  9 ");
  };
  ASSERT_TRUE(publisher.Update(Snapshot()).ok());
  ASSERT_GT(host.messages.size(), 3u);
  EXPECT_EQ(host.messages[3].substr(0, 16), "SetGuestInfo  2 ");
  EXPECT_EQ(host.messages[3].size(), 16u + 2436);
}

TEST(Publisher, OsTextsReplaceRefusedDetails) {
  FakeHost host;
  Publisher publisher(host.Sender());
  host.refuses = [](absl::string_view m) { return absl::StartsWith(m, "SetGuestInfo  11 "); };
  ASSERT_TRUE(publisher.Update(Snapshot()).ok());
  EXPECT_EQ(host.messages[3], "SetGuestInfo  5 Linux 6.1.0 Debian\0"s);
  EXPECT_EQ(host.messages[4], "SetGuestInfo  6 debian12-64\0"s);
}

TEST(Publisher, EarlyDiskFormatReplacesRefusedJson) {
  FakeHost host;
  Publisher publisher(host.Sender());
  host.refuses = [](absl::string_view m) { return absl::StartsWith(m, "SetGuestDiskInfo"); };
  v1::GuestInfoSnapshot snapshot = Snapshot();
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  host.TakeNames();
  snapshot.mutable_disks(0)->set_free_bytes(1);
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  EXPECT_EQ(host.TakeNames(), Names{"SetGuestInfo  3"});
}

TEST(Publisher, ReplyWithDataRefusesTextsAndDisks) {
  FakeHost host;
  Publisher publisher(host.Sender());
  host.data = "not taken";
  ASSERT_TRUE(publisher.Update(Snapshot()).ok());
  EXPECT_EQ(host.TakeNames(),
            (Names{"SetGuestInfo  10", "SetGuestInfo  1", "SetGuestInfo  11", "SetGuestInfo  7",
                   "SetGuestDiskInfo", "SetGuestInfo  3", "SetGuestInfo  8"}));
}

TEST(Publisher, RefusedValueIsNotRepeated) {
  FakeHost host;
  Publisher publisher(host.Sender());
  host.refuses = [](absl::string_view m) { return absl::StartsWith(m, "SetGuestInfo  1 "); };
  v1::GuestInfoSnapshot snapshot = Snapshot();
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  EXPECT_EQ(host.TakeNames(), kEverything);
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  EXPECT_EQ(host.TakeNames(), Names());
  snapshot.set_host_name("vm2");
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  EXPECT_EQ(host.TakeNames(), Names{"SetGuestInfo  1"});
}

TEST(Publisher, ThreeRefusalsSilenceAnItemUntilForgotten) {
  FakeHost host;
  Publisher publisher(host.Sender());
  host.refuses = [](absl::string_view m) { return absl::StartsWith(m, "SetGuestInfo  7 "); };
  v1::GuestInfoSnapshot snapshot = Snapshot();
  size_t attempts = 0;
  for (int i = 0; i < 10; ++i) {
    snapshot.set_uptime_centiseconds(1000 + i);
    ASSERT_TRUE(publisher.Update(snapshot).ok());
    for (const std::string& name : host.TakeNames()) attempts += name == "SetGuestInfo  7";
  }
  EXPECT_EQ(attempts, 3u);
  host.refuses = [](absl::string_view) { return false; };
  publisher.Forget();
  ASSERT_TRUE(publisher.Publish().ok());
  EXPECT_EQ(host.TakeNames(), kEverything);
}

TEST(Publisher, LostChannelKeepsTheRestForLater) {
  FakeHost host;
  Publisher publisher(host.Sender());
  host.connected = false;
  EXPECT_EQ(publisher.Update(Snapshot()).code(), absl::StatusCode::kUnavailable);
  host.connected = true;
  EXPECT_TRUE(publisher.Publish().ok());
  EXPECT_EQ(host.TakeNames(), kEverything);
}

TEST(Publisher, ForgetTriesTheNewestMethodAgain) {
  FakeHost host;
  Publisher publisher(host.Sender());
  host.refuses = [](absl::string_view m) { return absl::StartsWith(m, "SetGuestInfo  10 "); };
  ASSERT_TRUE(publisher.Update(Snapshot()).ok());
  host.TakeNames();
  host.refuses = [](absl::string_view) { return false; };
  publisher.Forget();
  EXPECT_TRUE(host.messages.empty());
  ASSERT_TRUE(publisher.Publish().ok());
  EXPECT_EQ(host.TakeNames(), kEverything);
}

TEST(Publisher, PushNicsSendsOnlyNicsAndTheyAreThenKnown) {
  FakeHost host;
  Publisher publisher(host.Sender());
  EXPECT_TRUE(publisher.PushNics().ok());
  EXPECT_TRUE(host.messages.empty());
  ASSERT_TRUE(publisher.Update(Snapshot()).ok());
  publisher.Forget();
  host.TakeNames();
  EXPECT_TRUE(publisher.PushNics().ok());
  EXPECT_EQ(host.TakeNames(), Names{"SetGuestInfo  10"});
  EXPECT_TRUE(publisher.Publish().ok());
  EXPECT_EQ(host.TakeNames(), Names(kEverything.begin() + 1, kEverything.end()));
}

TEST(Publisher, BroadcastIpSendsAddressAndNics) {
  FakeHost host;
  Publisher publisher(host.Sender());
  v1::GuestInfoSnapshot snapshot = Snapshot();
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  host.TakeNames();
  EXPECT_TRUE(publisher.BroadcastIp(true).ok());
  ASSERT_EQ(host.messages.size(), 2u);
  EXPECT_EQ(host.messages[0], "info-set guestinfo.ip 10.0.0.5");
  EXPECT_EQ(host.messages[1].substr(0, 17), "SetGuestInfo  10 ");
  host.TakeNames();

  snapshot.set_primary_address("10.0.0.6");
  EXPECT_TRUE(publisher.Update(snapshot).ok());
  EXPECT_EQ(host.messages, std::vector<std::string>{"info-set guestinfo.ip 10.0.0.6"});
  host.TakeNames();

  EXPECT_TRUE(publisher.BroadcastIp(false).ok());
  snapshot.set_primary_address("10.0.0.7");
  EXPECT_TRUE(publisher.Update(snapshot).ok());
  EXPECT_EQ(host.TakeNames(), Names());
}

TEST(Publisher, BroadcastIpWithoutAnAddressSucceeds) {
  FakeHost host;
  Publisher publisher(host.Sender());
  EXPECT_TRUE(publisher.BroadcastIp(true).ok());
  EXPECT_TRUE(host.messages.empty());
  v1::GuestInfoSnapshot snapshot = Snapshot();
  EXPECT_TRUE(publisher.Update(snapshot).ok());
  EXPECT_EQ(host.messages[3], "info-set guestinfo.ip 10.0.0.5");
}

TEST(Publisher, RefusedBroadcastIpIsAnError) {
  FakeHost host;
  Publisher publisher(host.Sender());
  host.refuses = [](absl::string_view m) { return absl::StartsWith(m, "info-set"); };
  ASSERT_TRUE(publisher.Update(Snapshot()).ok());
  EXPECT_EQ(publisher.BroadcastIp(true).code(), absl::StatusCode::kFailedPrecondition);
  v1::GuestInfoSnapshot without = Snapshot();
  without.clear_primary_address();
  ASSERT_TRUE(publisher.Update(without).ok());
  EXPECT_TRUE(publisher.BroadcastIp(true).ok());
}

TEST(Publisher, MessagesFitIntoTheChannel) {
  FakeHost host;
  Publisher publisher(host.Sender());
  host.refuses = [](absl::string_view m) { return absl::StartsWith(m, "SetGuestInfo"); };
  v1::GuestInfoSnapshot snapshot = Snapshot();
  for (int nic = 0; nic < 16; ++nic) {
    v1::NetworkInterface* interface = snapshot.add_interfaces();
    for (int i = 0; i < 3000; ++i) interface->add_addresses()->set_address("10.0.0.5");
  }
  for (int i = 0; i < 300; ++i) {
    v1::Disk* disk = snapshot.add_disks();
    disk->set_mount_point(std::string(300, 'x'));
    for (int unit = 0; unit < 16; ++unit) disk->add_devices(absl::StrCat("scsi0:", unit));
  }
  ASSERT_TRUE(publisher.Update(snapshot).ok());
  ASSERT_GT(host.messages.size(), 8u);
  for (const std::string& message : host.messages) EXPECT_LE(message.size(), 65535u);
}

}  // namespace
}  // namespace toolboxd::guest_info
