// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/reported.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "toolboxctl/table.h"

namespace toolboxd {
namespace {

void AddAddress(const char* text, uint32_t prefix, v1::InterfaceAddress::Origin origin,
                v1::NetworkInterface* nic) {
  v1::InterfaceAddress* address = nic->add_addresses();
  address->set_address(text);
  address->set_prefix_length(prefix);
  address->set_origin(origin);
}

void AddItem(const char* name, v1::ReportedItem::State state, int64_t time,
             v1::ReportedInfo& info) {
  v1::ReportedItem* item = info.add_items();
  item->set_name(name);
  item->set_state(state);
  item->set_time(time);
}

v1::ReportedInfo Sample() {
  v1::ReportedInfo info;
  v1::GuestInfoSnapshot& snapshot = *info.mutable_snapshot();
  snapshot.set_host_name("guest.example");
  snapshot.set_primary_address("192.0.2.10");
  v1::NetworkInterface* nic = snapshot.add_interfaces();
  nic->set_name("eth0");
  nic->set_mac_address("00:50:56:0a:0b:0c");
  nic->set_dhcp4(true);
  AddAddress("192.0.2.10", 24, v1::InterfaceAddress::DHCP, nic);
  AddAddress("2001:db8:1111:2222:3333:4444:5555:6666", 128, v1::InterfaceAddress::RANDOM, nic);
  nic->mutable_addresses(1)->set_status(v1::InterfaceAddress::DEPRECATED);
  snapshot.mutable_dns()->add_servers("192.0.2.1");
  snapshot.mutable_dns()->add_search_suffixes("example");
  v1::Route* route = snapshot.add_routes();
  route->set_destination("0.0.0.0");
  route->set_next_hop("192.0.2.1");
  route->set_metric(100);
  v1::Disk* disk = snapshot.add_disks();
  disk->set_mount_point("/");
  disk->set_file_system("ext4");
  disk->set_total_bytes(uint64_t{40} << 30);
  disk->set_free_bytes(uint64_t{10} << 30);
  disk->add_devices("scsi0:0");
  snapshot.mutable_operating_system()->set_short_name("debian12-64");
  snapshot.set_uptime_centiseconds(100 * (86400 + 3600 * 2 + 60 * 3 + 4));
  snapshot.mutable_memory()->set_total_bytes(uint64_t{2} << 30);
  AddItem("nics", v1::ReportedItem::CURRENT, 1700000000, info);
  AddItem("disks", v1::ReportedItem::REFUSED, 0, info);
  return info;
}

TEST(Reported, NicsShowAddressesDnsRoutesAndWhatTheHostHas) {
  EXPECT_EQ(NicsText(Sample(), absl::UTCTimeZone(), {}),
            "eth0  00:50:56:0a:0b:0c                           DHCP\n"
            "      192.0.2.10/24                               primary, DHCP\n"
            "      2001:db8:1111:2222:3333:4444:5555:6666/128  temporary, deprecated\n"
            "\n"
            "DNS  server  192.0.2.1\n"
            "DNS  search  example\n"
            "\n"
            "route      dev   metric  via\n"
            "0.0.0.0/0  eth0     100  192.0.2.1\n"
            "\n"
            "the host has this; it last took a value: 2023-11-14 22:13:20 UTC\n");
}

TEST(Reported, DisksShowHowFullTheyAre) {
  EXPECT_EQ(DisksText(Sample(), absl::UTCTimeZone(), {}),
            "    size      free  used  type  devices  mounted on\n"
            "40.0 GiB  10.0 GiB   75%  ext4  scsi0:0  /\n"
            "\n"
            "the host refuses it; it last took a value: never\n");
}

TEST(Reported, InfoShowsNamesAndTimes) {
  const std::string text = InfoText(Sample(), absl::UTCTimeZone(), {});
  EXPECT_TRUE(absl::StrContains(text, "name        guest.example\n")) << text;
  EXPECT_TRUE(absl::StrContains(text, "uptime      1 d 2 h 3 min\n")) << text;
  EXPECT_TRUE(absl::StrContains(text, "nics     has this    2023-11-14 22:13:20 UTC\n")) << text;
  EXPECT_TRUE(absl::StrContains(text, "disks    refuses it  never\n")) << text;
}

TEST(Reported, BeforeTheFirstSnapshotSaysSo) {
  EXPECT_TRUE(absl::StrContains(NicsText({}, absl::UTCTimeZone(), {}), "nothing yet"));
  EXPECT_TRUE(absl::StrContains(DisksText({}, absl::UTCTimeZone(), {}), "nothing yet"));
  EXPECT_TRUE(absl::StrContains(InfoText({}, absl::UTCTimeZone(), {}), "nothing yet"));
}

TEST(Reported, RouteOfAnUnknownInterfaceIsShown) {
  v1::ReportedInfo info = Sample();
  info.mutable_snapshot()->mutable_routes(0)->set_interface_position(7);
  EXPECT_TRUE(absl::StrContains(NicsText(info, absl::UTCTimeZone(), {}), "0.0.0.0/0  ?"));
}

TEST(Reported, FitsEightyColumns) {
  v1::ReportedInfo info = Sample();
  v1::GuestInfoSnapshot& snapshot = *info.mutable_snapshot();
  snapshot.mutable_interfaces(0)->set_name("abcdefghijklmno");
  snapshot.mutable_disks(0)->set_mount_point("/" + std::string(200, 'm'));
  snapshot.mutable_operating_system()->set_full_name(std::string(127, 'n'));
  snapshot.mutable_dns()->add_search_suffixes(std::string(250, 's'));
  const Terminal terminal = {.width = 80, .colours = false};
  for (const auto& text : {NicsText(info, absl::UTCTimeZone(), terminal),
                           DisksText(info, absl::UTCTimeZone(), terminal),
                           InfoText(info, absl::UTCTimeZone(), terminal)}) {
    for (absl::string_view line : absl::StrSplit(text, '\n')) EXPECT_LE(Columns(line), 80u) << line;
  }
}

}  // namespace
}  // namespace toolboxd
