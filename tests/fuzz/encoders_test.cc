// SPDX-License-Identifier: Apache-2.0

// What transportd encodes, decoded by vmxsim, which shares no code with it: random messages must be
// read as they were meant. MESSAGES in the environment says how many in all, SEED which.

#include <arpa/inet.h>
#include <stdlib.h>

#include <iostream>
#include <memory>
#include <random>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/shown_name.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "transportd/guest_info/disk_info.h"
#include "transportd/guest_info/memory_info.h"
#include "transportd/guest_info/nic_info.h"
#include "transportd/guest_info/os_info.h"
#include "transportd/hgfs/server.h"
#include "transportd/hgfs/testing/memory_files.h"
#include "transportd/snapshot/events.h"
#include "transportd/vix/message.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/property_list.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/results.h"
#include "transportd/vix/testing/host_messages.h"
#include "transportd/vsock/data_map.h"
#include "vmxsim/disk_info.h"
#include "vmxsim/guest/guest_client.h"
#include "vmxsim/guest/hgfs_transfer.h"
#include "vmxsim/guest/records.h"
#include "vmxsim/memory_info.h"
#include "vmxsim/nic_info.h"
#include "vmxsim/os_info.h"
#include "vmxsim/snapshot_host.h"
#include "vmxsim/vsock_packet.h"

namespace toolboxd {
namespace {

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* const text = getenv(name);
  uint64_t number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

class Encoded : public testing::Test {
 protected:
  // The tests share the messages.
  static constexpr uint64_t kTests = 13;

  Encoded() : random_(FromEnvironment("SEED", 1)) {}
  ~Encoded() override { std::cout << "messages decoded as they were meant: " << messages_ << "\n"; }

  // Whether there is another message to be made.
  bool Next() {
    const uint64_t share = (FromEnvironment("MESSAGES", 13000) + kTests - 1) / kTests;
    if (HasFatalFailure() || messages_ == share) return false;
    ++messages_;
    return true;
  }

  uint64_t Below(uint64_t limit) {
    return std::uniform_int_distribution<uint64_t>(0, limit - 1)(random_);
  }
  bool OneIn(uint64_t chances) { return Below(chances) == 0; }
  // Of any magnitude.
  uint64_t Number() { return random_() >> Below(64); }
  uint64_t Exact() { return random_() >> (11 + Below(53)); }

  // Letters, what formats escape, and characters of two to four bytes; without a NUL.
  std::string Text(size_t max_size) {
    static const char* const kParts[] = {"a",
                                         "Z",
                                         "0",
                                         " ",
                                         "'",
                                         "\"",
                                         "\\",
                                         "%",
                                         "&",
                                         "<",
                                         ">",
                                         "/",
                                         ":",
                                         "=",
                                         "\n",
                                         "\t",
                                         "\1",
                                         "%2",
                                         "\xc3\xa9",
                                         "\xe2\x82\xac",
                                         "\xf0\x9f\x98\x80"};
    std::string text;
    for (uint64_t left = Below(OneIn(50) ? max_size + 1 : std::min<size_t>(max_size + 1, 12));
         left > 0; --left) {
      const std::string part = kParts[Below(std::size(kParts))];
      if (text.size() + part.size() > max_size) break;
      text += part;
    }
    return text;
  }
  // The same with bytes that are not UTF-8.
  std::string Bytes(size_t max_size) {
    std::string text = Text(max_size);
    for (char& c : text) {
      if (OneIn(10)) c = static_cast<char>(1 + Below(255));
    }
    return text;
  }
  std::string Plain(size_t max_size) {
    std::string text;
    for (uint64_t left = Below(max_size + 1); left > 0; --left) {
      text += "abcXYZ019:._-"[Below(13)];
    }
    return text;
  }
  std::string Address() {
    unsigned char bytes[16];
    for (unsigned char& byte : bytes) byte = OneIn(3) ? 0 : static_cast<unsigned char>(random_());
    char text[INET6_ADDRSTRLEN];
    return inet_ntop(OneIn(2) ? AF_INET : AF_INET6, bytes, text, sizeof text);
  }

  v1::DnsConfiguration Dns();
  v1::GuestInfoSnapshot Network();
  v1::FileInfo File();

  std::mt19937_64 random_;
  uint64_t messages_ = 0;
};

v1::DnsConfiguration Encoded::Dns() {
  v1::DnsConfiguration dns;
  dns.set_host_name(Text(255));
  dns.set_domain_name(Text(255));
  for (uint64_t i = Below(4); i > 0; --i) dns.add_servers(Address());
  for (uint64_t i = Below(4); i > 0; --i) dns.add_search_suffixes(Text(255));
  return dns;
}

v1::GuestInfoSnapshot Encoded::Network() {
  v1::GuestInfoSnapshot snapshot;
  for (uint64_t i = Below(OneIn(20) ? 17 : 4); i > 0; --i) {
    v1::NetworkInterface* nic = snapshot.add_interfaces();
    nic->set_mac_address(Plain(17));
    for (uint64_t j = Below(OneIn(20) ? 100 : 4); j > 0; --j) {
      v1::InterfaceAddress* address = nic->add_addresses();
      address->set_address(Address());
      address->set_prefix_length(Below(129));
      address->set_origin(static_cast<v1::InterfaceAddress::Origin>(Below(7)));
      address->set_status(static_cast<v1::InterfaceAddress::Status>(Below(9)));
    }
    if (OneIn(2)) *nic->mutable_dns() = Dns();
    nic->set_dhcp4(OneIn(2));
    nic->set_dhcp6(OneIn(2));
  }
  for (uint64_t i = snapshot.interfaces_size() == 0 ? 0 : Below(OneIn(20) ? 101 : 4); i > 0; --i) {
    v1::Route* route = snapshot.add_routes();
    route->set_destination(Address());
    route->set_prefix_length(Below(129));
    if (OneIn(2)) route->set_next_hop(Address());
    route->set_interface_position(Below(snapshot.interfaces_size()));
    route->set_metric(static_cast<uint32_t>(random_()));
  }
  if (OneIn(2)) *snapshot.mutable_dns() = Dns();
  return snapshot;
}

v1::FileInfo Encoded::File() {
  v1::FileInfo file;
  file.set_name(Bytes(255));
  file.set_type(static_cast<v1::FileType>(1 + Below(4)));
  file.set_size(Number());
  file.set_access_time(static_cast<int64_t>(random_()));
  file.set_modification_time(static_cast<int64_t>(random_()));
  file.set_uid(static_cast<uint32_t>(Number()));
  file.set_gid(static_cast<uint32_t>(Number()));
  file.set_mode(static_cast<uint32_t>(Below(0200000)));
  if (file.type() == v1::SYMLINK) file.set_symlink_target(Bytes(4095));
  return file;
}

std::vector<std::string> List(const google::protobuf::RepeatedPtrField<std::string>& list) {
  return {list.begin(), list.end()};
}

void ExpectDns(const vmxsim::DnsInfo& read, const v1::DnsConfiguration& meant) {
  ASSERT_EQ(read.host, meant.host_name());
  ASSERT_EQ(read.domain, meant.domain_name());
  ASSERT_EQ(read.servers, List(meant.servers()));
  ASSERT_EQ(read.suffixes, List(meant.search_suffixes()));
}

// The part that all hosts get, of the first addresses.
void ExpectNic(const vmxsim::Nic& read, const v1::NetworkInterface& meant, size_t most_addresses) {
  ASSERT_EQ(read.mac, meant.mac_address());
  ASSERT_EQ(read.addresses.size(), std::min<size_t>(most_addresses, meant.addresses_size()));
  for (size_t i = 0; i < read.addresses.size(); ++i) {
    const v1::InterfaceAddress& address = meant.addresses(static_cast<int>(i));
    ASSERT_EQ(read.addresses[i].address, address.address());
    ASSERT_EQ(read.addresses[i].prefix, address.prefix_length());
  }
}

// What newer hosts get besides.
void ExpectDetails(const vmxsim::Nic& read, const v1::NetworkInterface& meant) {
  ASSERT_EQ(read.dhcp4, meant.dhcp4());
  ASSERT_EQ(read.dhcp6, meant.dhcp6());
  ASSERT_NO_FATAL_FAILURE(ExpectDns(read.dns, meant.dns()));
  for (size_t i = 0; i < read.addresses.size(); ++i) {
    const v1::InterfaceAddress& address = meant.addresses(static_cast<int>(i));
    ASSERT_EQ(read.addresses[i].origin, static_cast<uint32_t>(address.origin()));
    ASSERT_EQ(read.addresses[i].status, static_cast<uint32_t>(address.status()));
  }
}

TEST_F(Encoded, NetworkInformation) {
  while (Next()) {
    const v1::GuestInfoSnapshot meant = Network();
    const auto read =
        vmxsim::DecodeNicInfo(guest_info::EncodeNicInfoV3(meant, guest_info::kMaxAddresses));
    ASSERT_TRUE(read.ok()) << read.status() << meant.DebugString();
    ASSERT_EQ(read->nics.size(), static_cast<size_t>(meant.interfaces_size()));
    for (int i = 0; i < meant.interfaces_size(); ++i) {
      ASSERT_NO_FATAL_FAILURE(
          ExpectNic(read->nics[i], meant.interfaces(i), guest_info::kMaxAddresses));
      ASSERT_NO_FATAL_FAILURE(ExpectDetails(read->nics[i], meant.interfaces(i)));
    }
    ASSERT_NO_FATAL_FAILURE(ExpectDns(read->dns, meant.dns()));
    ASSERT_EQ(read->routes.size(), static_cast<size_t>(meant.routes_size()));
    for (int i = 0; i < meant.routes_size(); ++i) {
      ASSERT_EQ(read->routes[i].destination, meant.routes(i).destination());
      ASSERT_EQ(read->routes[i].prefix, meant.routes(i).prefix_length());
      ASSERT_EQ(read->routes[i].gateway, meant.routes(i).next_hop());
      ASSERT_EQ(read->routes[i].interface, meant.routes(i).interface_position());
      ASSERT_EQ(read->routes[i].type, meant.routes(i).next_hop().empty() ? 3u : 4u);
      ASSERT_EQ(read->routes[i].metric, meant.routes(i).metric());
    }
  }
}

TEST_F(Encoded, NetworkInformationOfOldHosts) {
  while (Next()) {
    const v1::GuestInfoSnapshot meant = Network();
    const auto read =
        vmxsim::DecodeNicInfo(guest_info::EncodeNicInfoV2(meant, guest_info::kMaxAddressesOldHost));
    ASSERT_TRUE(read.ok()) << read.status() << meant.DebugString();
    ASSERT_EQ(read->nics.size(), static_cast<size_t>(meant.interfaces_size()));
    for (int i = 0; i < meant.interfaces_size(); ++i) {
      ASSERT_NO_FATAL_FAILURE(
          ExpectNic(read->nics[i], meant.interfaces(i), guest_info::kMaxAddressesOldHost));
    }
  }
}

TEST_F(Encoded, Disks) {
  while (Next()) {
    guest_info::Disks meant;
    for (uint64_t i = Below(OneIn(20) ? 256 : 5); i > 0; --i) {
      v1::Disk* disk = meant.Add();
      disk->set_mount_point("/" + Bytes(98));
      disk->set_free_bytes(Number());
      disk->set_total_bytes(Number());
      disk->set_file_system(Plain(10));
      for (uint64_t j = Below(3); j > 0; --j) disk->add_devices(Plain(20));
    }
    const auto read = vmxsim::DecodeDiskInfoJson(guest_info::EncodeDiskInfoJson(meant));
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(read->size(), static_cast<size_t>(meant.size()));
    for (int i = 0; i < meant.size(); ++i) {
      ASSERT_EQ((*read)[i].mount_point, meant[i].mount_point());
      ASSERT_EQ((*read)[i].free_bytes, meant[i].free_bytes());
      ASSERT_EQ((*read)[i].total_bytes, meant[i].total_bytes());
      ASSERT_EQ((*read)[i].file_system, meant[i].file_system());
      ASSERT_EQ((*read)[i].devices, List(meant[i].devices()));
    }
  }
}

TEST_F(Encoded, DisksOfOldHosts) {
  while (Next()) {
    guest_info::Disks meant;
    for (uint64_t i = Below(256); i > 0; --i) {
      v1::Disk* disk = meant.Add();
      disk->set_mount_point("/" + Bytes(98));
      disk->set_free_bytes(Number());
      disk->set_total_bytes(Number());
    }
    const auto read = vmxsim::DecodeDiskInfoLegacy(guest_info::EncodeDiskInfoLegacy(meant));
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(read->size(), static_cast<size_t>(meant.size()));
    for (int i = 0; i < meant.size(); ++i) {
      ASSERT_EQ((*read)[i].mount_point, meant[i].mount_point());
      ASSERT_EQ((*read)[i].free_bytes, meant[i].free_bytes());
      ASSERT_EQ((*read)[i].total_bytes, meant[i].total_bytes());
    }
  }
}

TEST_F(Encoded, Memory) {
  using guest_info::Stat;
  while (Next()) {
    guest_info::MemorySample before, meant;
    before.uptime_centiseconds = Below(1000000);
    meant.uptime_centiseconds = before.uptime_centiseconds + Below(3) * 100;
    before.memory.set_pages_in(Below(1000000));
    meant.memory.set_pages_in(Below(2000000));
    meant.memory.set_total_bytes(Exact() * 1024);
    meant.memory.set_free_bytes(Exact() * 1024);
    meant.memory.set_available_bytes(Exact() * 1024);
    meant.memory.set_cached_bytes(Exact() * 1024);
    meant.memory.set_huge_pages_total(Exact());
    meant.memory.set_runnable_tasks(Exact());
    const auto read = vmxsim::DecodeMemoryInfo(guest_info::EncodeMemoryInfo(meant, &before));
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(read->huge_pages_total, meant.memory.huge_pages_total());
    std::map<uint64_t, std::optional<double>> values;
    for (const vmxsim::Statistic& statistic : read->statistics) {
      ASSERT_EQ(statistic.name_space, "_tools/v1");
      ASSERT_TRUE(values.emplace(statistic.id, statistic.value).second);
    }
    const auto kib = [](uint64_t bytes) {
      const uint64_t whole = bytes / 1024;
      return static_cast<double>(whole);
    };
    const auto value = [&values](Stat id) { return values[static_cast<uint64_t>(id)]; };
    ASSERT_EQ(value(Stat::kTotal), kib(meant.memory.total_bytes()));
    ASSERT_EQ(value(Stat::kFree), kib(meant.memory.free_bytes()));
    ASSERT_EQ(value(Stat::kAvailable), kib(meant.memory.available_bytes()));
    ASSERT_EQ(value(Stat::kCached), kib(meant.memory.cached_bytes()));
    ASSERT_EQ(value(Stat::kRunQueue), static_cast<double>(meant.memory.runnable_tasks()));
    const uint64_t centiseconds = meant.uptime_centiseconds - before.uptime_centiseconds;
    if (centiseconds == 0 || meant.memory.pages_in() < before.memory.pages_in()) {
      ASSERT_EQ(value(Stat::kPageInRate), std::nullopt);
    } else {
      ASSERT_EQ(value(Stat::kPageInRate),
                static_cast<double>(meant.memory.pages_in() - before.memory.pages_in()) /
                    (static_cast<double>(centiseconds) / 100));
    }
  }
}

TEST_F(Encoded, OperatingSystem) {
  while (Next()) {
    v1::OperatingSystem meant;
    meant.set_short_name(Text(128));
    meant.set_full_name(Text(512));
    meant.set_distribution_name(Text(256));
    meant.set_distribution_version(Text(256));
    meant.set_pretty_name(Text(256));
    meant.set_kernel_version(Text(256));
    meant.set_bits(Below(2) * 64);
    meant.set_architecture(Text(256));
    const auto read = vmxsim::DecodeOsInfo(guest_info::EncodeOsDetailed(meant));
    ASSERT_TRUE(read.ok()) << read.status() << meant.DebugString();
    ASSERT_EQ(read->short_name, meant.short_name());
    ASSERT_EQ(read->full_name, meant.full_name());
    ASSERT_EQ(read->Detail("distroName"), meant.distribution_name());
    ASSERT_EQ(read->Detail("distroVersion"), meant.distribution_version());
    ASSERT_EQ(read->Detail("prettyName"), meant.pretty_name());
    ASSERT_EQ(read->Detail("kernelVersion"), meant.kernel_version());
    ASSERT_EQ(read->Detail("architecture"), meant.architecture());
    ASSERT_EQ(read->Detail("bitness"), meant.bits() == 0 ? "" : "64");
  }
}

TEST_F(Encoded, Listing) {
  while (Next()) {
    vix::FileList meant;
    for (uint64_t i = Below(6); i > 0; --i) meant.entries.push_back(File());
    meant.remaining = Number();
    const std::string text = vix::FormatFileList(meant);
    const auto read = vmxsim::ParseRecords(text, "fxi");
    ASSERT_EQ(vmxsim::FindValue(text, "rem"), absl::StrCat(meant.remaining));
    ASSERT_EQ(read.size(), meant.entries.size());
    for (size_t i = 0; i < read.size(); ++i) {
      const v1::FileInfo& file = meant.entries[i];
      ASSERT_EQ(read[i].at("Name"), ShowName(file.name()));
      ASSERT_EQ(read[i].at("slt"), ShowName(file.symlink_target()));
      ASSERT_EQ(read[i].at("fs"), absl::StrCat(file.size()));
      ASSERT_EQ(read[i].at("uid"), absl::StrCat(file.uid()));
      ASSERT_EQ(read[i].at("gid"), absl::StrCat(file.gid()));
      ASSERT_EQ(read[i].at("perm"), absl::StrCat(file.mode()));
      ASSERT_EQ(vmxsim::NumberOf(read[i], "ft"), file.type() == v1::DIRECTORY ? 1
                                                 : file.type() == v1::SYMLINK ? 2
                                                                              : 0);
      // Whole seconds, towards the past.
      const int64_t seconds = vmxsim::NumberOf(read[i], "mt");
      const auto rest = static_cast<__int128>(file.modification_time()) -
                        static_cast<__int128>(seconds) * 1000000000;
      ASSERT_TRUE(rest >= 0 && rest < 1000000000) << file.modification_time();
    }
  }
}

TEST_F(Encoded, Processes) {
  while (Next()) {
    v1::Process meant;
    meant.set_name(Text(100));
    meant.set_command_line(Text(2000));
    meant.set_owner(Text(32));
    meant.set_pid(static_cast<int64_t>(Number() >> 1));
    meant.set_start_time(static_cast<int64_t>(Number() >> 1));
    meant.set_exit_code(static_cast<int32_t>(random_()));
    meant.set_end_time(static_cast<int64_t>(Number() >> 1));
    const auto read = vmxsim::ParseRecords(vix::FormatProcess(meant), "proc");
    ASSERT_EQ(read.size(), 1u);
    ASSERT_EQ(read[0].at("cmd"), meant.name());
    ASSERT_EQ(read[0].at("name"), meant.command_line());
    ASSERT_EQ(read[0].at("user"), meant.owner());
    ASSERT_EQ(vmxsim::NumberOf(read[0], "pid"), static_cast<int64_t>(meant.pid()));
    ASSERT_EQ(vmxsim::NumberOf(read[0], "start"), static_cast<int64_t>(meant.start_time()));
    ASSERT_EQ(vmxsim::NumberOf(read[0], "eCode"), meant.exit_code());
    ASSERT_EQ(vmxsim::NumberOf(read[0], "eTime"), static_cast<int64_t>(meant.end_time()));
  }
}

TEST_F(Encoded, Replies) {
  while (Next()) {
    const bool binary = OneIn(2);
    const std::string result = binary ? Bytes(5000) : vix::FormatVariable(Bytes(5000));
    const auto error = static_cast<vix::Error>(Below(30000));
    const std::string bytes = vix::EncodeReply(error, result, binary);
    vix::Reply read;
    ASSERT_TRUE(vix::ParseReply(bytes, read));
    ASSERT_EQ(read.error, vix::Code(error));
    ASSERT_EQ(read.result, result);
  }
}

TEST_F(Encoded, Properties) {
  while (Next()) {
    std::vector<vix::Property> meant, read;
    for (uint64_t i = Below(8); i > 0; --i) {
      const auto id = static_cast<int32_t>(random_());
      switch (Below(5)) {
        case 0:
          meant.push_back(vix::Property::Int32(id, static_cast<int32_t>(random_())));
          break;
        case 1:
          meant.push_back(vix::Property::Bool(id, OneIn(2)));
          break;
        case 2:
          meant.push_back({id, vix::kPropertyInt64, static_cast<int64_t>(random_())});
          break;
        case 3:
          meant.push_back({id, vix::kPropertyBlob, "x" + Bytes(100)});
          break;
        default:
          meant.push_back(vix::Property::String(id, Text(300)));
      }
    }
    ASSERT_TRUE(vix::DecodePropertyList(vix::EncodePropertyList(meant), read));
    ASSERT_EQ(read, meant);
  }
}

TEST_F(Encoded, VsockPackets) {
  while (Next()) {
    vsock::Packet meant;
    const std::string payload = "x" + Bytes(OneIn(100) ? vsock::kMaxPayload - 1 : 500);
    meant.type = OneIn(4) ? vsock::Packet::Type::kPing : vsock::Packet::Type::kData;
    meant.fast_close = meant.type == vsock::Packet::Type::kData && OneIn(2);
    if (meant.type == vsock::Packet::Type::kData) meant.payload = payload;
    const std::string bytes = vsock::EncodePacket(meant);
    const auto size = vmxsim::VsockBodySize(bytes);
    ASSERT_TRUE(size.ok()) << size.status();
    ASSERT_EQ(*size, bytes.size() - vmxsim::kVsockLengthSize);
    const auto read = vmxsim::DecodeVsockBody(bytes.substr(vmxsim::kVsockLengthSize));
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(static_cast<int>(read->type), static_cast<int>(meant.type));
    ASSERT_EQ(read->payload, meant.payload);
    ASSERT_EQ(read->fast_close, meant.fast_close);
    ASSERT_EQ(read->unknown_fields, 0);
  }
}

TEST_F(Encoded, SnapshotEvents) {
  const absl::Time now = absl::UnixEpoch();
  while (Next()) {
    vmxsim::SnapshotHost host;
    host.OnRequest("vmbackup.start 1", now);
    const snapshot::Event meant{OneIn(2) ? snapshot::kErrorEvent : snapshot::kAbortedEvent,
                                static_cast<snapshot::EventCode>(2 + Below(4)), Text(500)};
    host.OnEvent(snapshot::Encode({snapshot::kResetEvent, snapshot::EventCode::kSuccess, ""}), now);
    host.OnReply("vmbackup.start 1", "OK ", now);
    host.OnEvent(snapshot::Encode(meant), now);
    host.OnEvent(snapshot::Encode({snapshot::kDoneEvent, snapshot::EventCode::kSuccess, ""}), now);
    const vmxsim::SnapshotReport read = host.Report(now);
    ASSERT_THAT(read.violations, testing::IsEmpty());
    ASSERT_THAT(read.events, testing::ElementsAre("reset", std::string(meant.name), "req.done"));
    ASSERT_EQ(read.errors.size(), 1u);
    ASSERT_EQ(read.errors[0].first, static_cast<int>(meant.code));
    ASSERT_EQ(read.errors[0].second, meant.text);
  }
}

// One message is a transfer of up to three packets of content there and back.
TEST_F(Encoded, Transfers) {
  const auto files = std::make_shared<hgfs::MemoryFiles>();
  hgfs::Server server(nullptr);
  vmxsim::GuestClient client(
      [&](absl::string_view request) -> absl::StatusOr<std::string> {
        vix::Request operation;
        vix::HgfsPacketRequest packet;
        absl::ConsumePrefix(&request, "Vix_1_Relayed_Command ");
        if (vix::ParseRelayedCommand(request, operation) != vix::Error::kOk ||
            vix::Decode(operation.body, packet) != vix::Error::kOk) {
          return absl::InternalError("not a packet");
        }
        const std::string reply = server.Dispatch(packet.packet, {"alice", files});
        return "OK " + vix::EncodeReply(vix::Error::kOk, reply, true);
      },
      "alice", "a");
  while (Next()) {
    const std::string meant =
        OneIn(20) ? std::string(Below(3 * vmxsim::kTransferChunk), 'x') : Bytes(300);
    size_t given = 0;
    const auto written = vmxsim::Upload(client, "/f", [&](size_t size) {
      const std::string part = meant.substr(given, size);
      given += part.size();
      return part;
    });
    ASSERT_TRUE(written.ok()) << written.status();
    ASSERT_EQ(files->files["/f"], meant);
    std::string read;
    const auto size = vmxsim::Download(client, "/f", [&read](absl::string_view data) {
      read.append(data.data(), data.size());
      return absl::OkStatus();
    });
    ASSERT_TRUE(size.ok()) << size.status();
    ASSERT_EQ(*size, meant.size());
    ASSERT_EQ(read, meant);
  }
}

}  // namespace
}  // namespace toolboxd
