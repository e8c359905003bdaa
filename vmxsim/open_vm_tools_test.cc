// SPDX-License-Identifier: Apache-2.0

// Debian's open-vm-tools, unmodified, inside vmxsim: these programs, which this project did not
// write, show that the simulated hypervisor is right. On a machine without them the test fails.

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "transportd/wire/reader.h"
#include "transportd/wire/writer.h"
#include "vmxsim/harness.h"
#include "vmxsim/nic_info.h"

namespace toolboxd::vmxsim {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(30);

// A guest that does nothing by itself, to execute programs in.
class OpenVmTools : public testing::Test {
 protected:
  void SetUp() override { Start({}, {"sleep", "infinity"}); }

  void Start(const std::vector<std::string>& flags, const std::vector<std::string>& command) {
    absl::StatusOr<Harness> harness = Harness::Start({.flags = flags, .command = command});
    ASSERT_TRUE(harness.ok()) << harness.status();
    harness_ = std::make_unique<Harness>(*std::move(harness));
    // The command has started when it no longer is vmxsim's own first process alone.
    for (int i = 0; i < 1000; ++i) {
      const auto processes = client().Call({"processes"});
      ASSERT_TRUE(processes.ok()) << processes.status();
      if (std::count(processes->begin(), processes->end(), '\n') >= 2) break;
      absl::SleepFor(absl::Milliseconds(5));
    }
  }

  Client& client() { return harness_->client(); }
  std::pair<int, std::string> Run(const std::vector<std::string>& command) {
    return harness_->Execute(command);
  }

  std::unique_ptr<Harness> harness_;
};

TEST_F(OpenVmTools, CheckvmSeesAVirtualMachine) {
  const auto [code, output] = Run({"vmware-checkvm"});
  EXPECT_EQ(code, 0) << output;
  EXPECT_TRUE(absl::StrContains(output, "version 6")) << output;
}

TEST_F(OpenVmTools, RpctoolStoresAndReadsVariables) {
  auto [code, output] = Run({"vmware-rpctool", "info-set guestinfo.x y"});
  EXPECT_EQ(code, 0) << output;
  EXPECT_EQ(client().Get("x").value_or("none"), "y");
  ASSERT_TRUE(client().Set("from.host", "two words").ok());
  std::tie(code, output) = Run({"vmware-rpctool", "info-get guestinfo.from.host"});
  EXPECT_EQ(code, 0);
  EXPECT_EQ(output, "two words\n");
  std::tie(code, output) = Run({"vmware-rpctool", "info-get guestinfo.missing"});
  EXPECT_NE(code, 0);
  EXPECT_EQ(output, "No value found\n");
  std::tie(code, output) = Run({"vmware-rpctool", "no.such.command"});
  EXPECT_NE(code, 0);
  EXPECT_EQ(output, "Unknown command\n");
}

TEST_F(OpenVmTools, RpctoolSends60000BytesButNot70000) {
  const std::string value(60000, 'v');
  const auto [code, output] =
      Run({"vmware-rpctool", absl::StrCat("info-set guestinfo.big ", value)});
  EXPECT_EQ(code, 0) << output;
  EXPECT_EQ(client().Get("big").value_or("none"), value);
  EXPECT_NE(
      Run({"vmware-rpctool", absl::StrCat("info-set guestinfo.big ", std::string(70000, 'w'))})
          .first,
      0);
  EXPECT_EQ(client().Get("big").value_or("none"), value);
}

TEST_F(OpenVmTools, ToolboxCmdReadsTheHostsTimeAndSpeed) {
  auto [code, output] = Run({"vmware-toolbox-cmd", "stat", "hosttime"});
  EXPECT_EQ(code, 0) << output;
  absl::Time time;
  std::string error;
  ASSERT_TRUE(absl::ParseTime("%d %b %Y %H:%M:%S%n", output, absl::LocalTimeZone(), &time, &error))
      << output << error;
  EXPECT_LT(absl::AbsDuration(absl::Now() - time), absl::Seconds(5));
  std::tie(code, output) = Run({"vmware-toolbox-cmd", "stat", "speed"});
  EXPECT_EQ(code, 0);
  EXPECT_EQ(output, "2000 MHz\n");
}

// As on a host whose administrator has not enabled the guest SDK's API.
TEST_F(OpenVmTools, ToolboxCmdReportsThatTheHostHasNoGuestApi) {
  for (const char* statistic : {"sessionid", "balloon", "swap", "memlimit", "cpures"}) {
    const auto [code, output] = Run({"vmware-toolbox-cmd", "stat", statistic});
    EXPECT_EQ(code, 75) << statistic;  // EX_TEMPFAIL
    EXPECT_TRUE(absl::StrContains(output, "not enabled on the host")) << output;
  }
}

class LowBandwidthOpenVmTools : public OpenVmTools {
 protected:
  void SetUp() override { Start({"--no_hb"}, {"sleep", "infinity"}); }
};

TEST_F(LowBandwidthOpenVmTools, MessagesOfEveryTailLengthArrive) {
  for (const std::string value : {"a", "ab", "abc", "abcd", "abcde"}) {
    ASSERT_EQ(Run({"vmware-rpctool", "info-set guestinfo.tail " + value}).first, 0);
    EXPECT_EQ(client().Get("tail").value_or("none"), value);
    EXPECT_EQ(Run({"vmware-rpctool", "info-get guestinfo.tail"}).second, value + "\n");
  }
  EXPECT_EQ(client().Stats()->at("high_bandwidth_calls"), 0);
  EXPECT_EQ(client().Stats()->at("violations"), 0);
}

class CheckpointedOpenVmTools : public OpenVmTools {
 protected:
  void SetUp() override { Start({"--no_hb", "--checkpoint_every=7"}, {"sleep", "infinity"}); }
};

TEST_F(CheckpointedOpenVmTools, MessageArrivesAfterRestarts) {
  for (int i = 0; i < 5; ++i) {
    const std::string value = absl::StrCat("a value of some length ", i);
    ASSERT_EQ(Run({"vmware-rpctool", "info-set guestinfo.again " + value}).first, 0);
    EXPECT_EQ(Run({"vmware-rpctool", "info-get guestinfo.again"}).second, value + "\n");
  }
  EXPECT_GT(client().Stats()->at("checkpoints"), 0);
}

// vmtoolsd as the guest's main program.
class Vmtoolsd : public OpenVmTools {
 protected:
  void SetUp() override {
    // Its defaults but for the time between two looks at the interfaces: 30 s is long for a test.
    const std::string config = testing::TempDir() + "/tools.conf";
    std::ofstream(config) << "[guestinfo]\npoll-interval=1\n";
    Start({}, {"vmtoolsd", "--config", config});
    const absl::Status registered = client().WaitRegistered(kPatience);
    ASSERT_TRUE(registered.ok()) << registered;
  }

  // Until the guest has sent that type.
  std::string WaitForInfo(int type) {
    for (const absl::Time end = absl::Now() + kPatience; absl::Now() < end;) {
      const absl::StatusOr<std::string> raw = client().RawGuestInfo(type);
      if (raw.ok()) return *raw;
      absl::SleepFor(absl::Milliseconds(20));
    }
    ADD_FAILURE() << "no SetGuestInfo " << type;
    return "";
  }
};

TEST_F(Vmtoolsd, RegistersAndAnswersPing) {
  EXPECT_EQ(client().Tclo("ping", kPatience).value_or(""), "OK ");
  EXPECT_EQ(client().Tclo("No_Such_Command", kPatience).value_or(""), "ERROR Unknown Command");
  const auto stats = client().Stats();
  ASSERT_TRUE(stats.ok());
  EXPECT_EQ(stats->at("registered"), 1);
  EXPECT_EQ(stats->at("violations"), 0);
  EXPECT_GT(stats->at("cpuid_traps") + stats->at("traps"), 0);
}

// "IFACE STATE ADDRESS/PREFIX …" lines of `ip -brief address`.
std::set<std::string> AddressesOf(absl::string_view ip_brief, absl::string_view interface) {
  std::set<std::string> addresses;
  for (const absl::string_view line : absl::StrSplit(ip_brief, '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words.size() < 3 || !absl::StartsWith(words[0], interface)) continue;
    addresses.insert(words.begin() + 2, words.end());
  }
  return addresses;
}

TEST_F(Vmtoolsd, SendsTheInterfacesThatTheGuestHas) {
  const absl::StatusOr<NicInfo> info = DecodeNicInfo(WaitForInfo(10));
  ASSERT_TRUE(info.ok()) << info.status();
  ASSERT_EQ(info->nics.size(), 1u);
  EXPECT_EQ(info->nics[0].mac, "00:50:56:0a:0b:0c");
  std::set<std::string> told;
  for (const NicAddress& address : info->nics[0].addresses) {
    told.insert(absl::StrCat(address.address, "/", address.prefix));
  }
  const auto [code, output] = Run({"ip", "-brief", "address"});
  ASSERT_EQ(code, 0) << output;
  EXPECT_EQ(told, AddressesOf(output, "eth0"));
  EXPECT_EQ(told.count("192.0.2.10/24"), 1u);
  EXPECT_EQ(client().Get("ip").value_or("none"), "192.0.2.10");
  EXPECT_TRUE(absl::StartsWith(WaitForInfo(1), "vmxsim-guest"));
}

TEST_F(Vmtoolsd, AnswersAPowerEventWithItsStatus) {
  const absl::StatusOr<std::string> text = client().Call({"power", "30", "on"});
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, "reply: OK\nstatus: 1 3 (on succeeded)\n");
}

TEST_F(Vmtoolsd, HaltReachesTheRecorderAndNotTheMachine) {
  ASSERT_TRUE(client().Call({"power", "30", "off"}).ok());
  std::vector<std::string> recorded;
  for (const absl::Time end = absl::Now() + kPatience; recorded.empty() && absl::Now() < end;) {
    recorded = client().Recorded().value_or(std::vector<std::string>());
    absl::SleepFor(absl::Milliseconds(20));
  }
  ASSERT_FALSE(recorded.empty());
  EXPECT_TRUE(absl::StrContains(recorded[0], "shutdown -h now")) << recorded[0];
}

// docs/protocol/vix.md 4.1 and 4.2: GET_TOOLS_STATE needs no credential.
std::string GetToolsStateRequest() {
  wire::Writer writer;
  writer.Bytes("Vix_1_Relayed_Command \"reqname\"").U8(0);
  writer.U32(0xD00D0001).U16(5).U32(51).U32(51).U32(0).U32(0).U8(1 | 4 | 8);
  writer.U32(62).U32(0).U32(0xFFFFFFFF).U64(0).U32(0).U32(0);
  return writer.Take();
}

TEST_F(Vmtoolsd, AnswersGetToolsState) {
  const absl::StatusOr<std::string> reply = client().Tclo(GetToolsStateRequest(), kPatience);
  ASSERT_TRUE(reply.ok()) << reply.status();
  const std::vector<std::string> fields = absl::StrSplit(*reply, absl::MaxSplits(' ', 3));
  ASSERT_EQ(fields.size(), 4u) << *reply;
  EXPECT_EQ(fields[0], "OK");
  EXPECT_EQ(fields[1], "0");
  std::string properties;
  ASSERT_TRUE(absl::Base64Unescape(fields[3].substr(0, fields[3].find('\0')), &properties));
  wire::Reader reader(properties);
  std::set<int> ids;
  std::string host_name;
  while (reader.ok() && reader.remaining() > 0) {
    const int id = reader.I32();
    reader.I32();
    const absl::string_view value = reader.Bytes(reader.U32());
    ids.insert(id);
    if (id == 4505) host_name = std::string(value.substr(0, value.find('\0')));
  }
  EXPECT_TRUE(reader.AtEnd());
  EXPECT_EQ(ids.count(4500), 1u);
  EXPECT_EQ(ids.count(4540), 1u);
  EXPECT_EQ(host_name, "vmxsim-guest");
}

TEST_F(Vmtoolsd, RegistersAgainAfterItsChannelWasClosed) {
  ASSERT_TRUE(client().Fault("close").ok());
  for (const absl::Time end = absl::Now() + kPatience; absl::Now() < end;) {
    if (client().Stats()->at("registrations") == 2) return;
    absl::SleepFor(absl::Milliseconds(50));
  }
  FAIL() << "not registered again";
}

TEST_F(Vmtoolsd, SigtermLeavesNothingRunning) {
  const absl::StatusOr<std::string> processes = client().Call({"processes"});
  ASSERT_TRUE(processes.ok());
  EXPECT_EQ(harness_->End(), 143);
  for (const absl::string_view pid : absl::StrSplit(*processes, '\n', absl::SkipEmpty())) {
    EXPECT_NE(RunProgram({"test", "-e", absl::StrCat("/proc/", pid)}).first, 0) << pid;
  }
}

}  // namespace
}  // namespace toolboxd::vmxsim
