// SPDX-License-Identifier: Apache-2.0

#include "rpctool/toolbox_cmd.h"

#include <stdlib.h>
#include <time.h>

#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"
#include "rpctool/testing/vmware_cpuid.h"
#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/probe.h"
#include "transportd/backdoor/testing/fake_host.h"

namespace toolboxd::rpctool {
namespace {

using backdoor::Registers;

// FakeHost with other commands of the low-bandwidth port; those that it does not have end in ones,
// as on a host.
class CommandHost final : public backdoor::Port {
 public:
  void In(Registers& registers) override {
    const uint16_t command = backdoor::Low16(registers.cx);
    if (const auto found = commands.find(command); found != commands.end()) {
      registers = found->second;
    } else if (command == backdoor::kCommandMessage || command == backdoor::kCommandGetVersion) {
      host.In(registers);
    } else {
      registers.ax = 0xffffffff;
    }
  }
  void HighBandwidthOut(Registers& registers) override { host.HighBandwidthOut(registers); }
  void HighBandwidthIn(Registers& registers) override { host.HighBandwidthIn(registers); }

  backdoor::FakeHost host;
  std::map<uint16_t, Registers> commands;
};

class ToolboxCmdTest : public testing::Test {
 protected:
  int Run(std::vector<std::string> words, uid_t user = 0) {
    words.insert(words.begin(), "vmware-toolbox-cmd");
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const std::string conf = folder_.File("tools.conf");
    Host host(&port_, nullptr, VmwareCpuid, backdoor::Probe, "");
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int status = RunToolboxCmd(static_cast<int>(words.size()), argv.data(), host,
                                     {.tools_conf = conf.c_str(), .user = user});
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return status;
  }
  void SetGuiOptions(uint32_t options) {
    port_.commands[backdoor::kCommandGetGuiOptions].ax = options;
  }

  ShortTempDir folder_;
  CommandHost port_;
  std::string out_, err_;
};

TEST_F(ToolboxCmdTest, TimeSynchronisationIsTheHostsOption) {
  SetGuiOptions(0x3ff);
  EXPECT_EQ(Run({"timesync", "status"}), 69);
  EXPECT_EQ(out_, "Disabled\n");
  EXPECT_EQ(Run({"timesync", "disable"}), 0);
  EXPECT_TRUE(port_.host.rpci_requests.empty());
  EXPECT_EQ(Run({"timesync", "enable"}), 0);
  EXPECT_EQ(out_, "Enabled\n");
  EXPECT_EQ(port_.host.rpci_requests.back(), std::string("vmx.set_option synctime 0 1\0", 28));
  SetGuiOptions(0x400);
  EXPECT_EQ(Run({"timesync", "status"}), 0);
  EXPECT_EQ(out_, "Enabled\n");
  EXPECT_EQ(Run({"-q", "timesync", "disable"}), 0);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(port_.host.rpci_requests.back(), std::string("vmx.set_option synctime 1 0\0", 28));
}

TEST_F(ToolboxCmdTest, RefusedOptionIsAnError) {
  SetGuiOptions(0);
  port_.host.on_rpci = [](const std::string&) { return std::string("0 Not now"); };
  EXPECT_EQ(Run({"timesync", "enable"}), 1);
  EXPECT_EQ(err_, "Error: Not now\n");
}

TEST_F(ToolboxCmdTest, HostTimeComesFromTheOlderCommandToo) {
  setenv("TZ", "UTC", 1);
  tzset();
  EXPECT_EQ(Run({"stat", "hosttime"}), 75);
  EXPECT_EQ(err_, "Unable to get host time\n");
  port_.commands[backdoor::kCommandGetTime].ax = 1700000000;
  EXPECT_EQ(Run({"stat", "hosttime"}), 0);
  EXPECT_EQ(out_, "14 Nov 2023 22:13:20\n");
  Registers& full = port_.commands[backdoor::kCommandGetTimeFull];
  full.ax = backdoor::kMagic;
  full.si = 1;
  full.dx = 1;
  EXPECT_EQ(Run({"stat", "hosttime"}), 0);
  EXPECT_EQ(out_, "07 Feb 2106 06:28:17\n");
}

TEST_F(ToolboxCmdTest, StatisticsAreTheHosts) {
  const std::string stats(
      "1 "
      "\x03\0\0\0\x08\0\0\0\0\0\0\0\x18\0\0\0\0\0\0\x02\0\0\0\x02\0\0\0\1\0\0\0\x05\0\0\0\x0c\0\0\0"
      "\1\0\0\0\x40",
      46);
  port_.host.on_rpci = [&](const std::string& request) {
    return request == "guestlib.info.get 3" ? stats : std::string("0 Unknown command");
  };
  EXPECT_EQ(Run({"stat", "balloon"}), 0);
  EXPECT_EQ(out_, "64 MB\n");
  EXPECT_EQ(Run({"stat", "cpulimit"}), 0);
  EXPECT_EQ(out_, "5 MHz\n");
  EXPECT_EQ(Run({"stat", "sessionid"}), 0);
  EXPECT_EQ(out_, "0x8\n");
  EXPECT_EQ(Run({"stat", "swap"}), 75);
  EXPECT_EQ(out_, "");
}

TEST_F(ToolboxCmdTest, RawStatisticIsPassedOn) {
  port_.host.on_rpci = [](const std::string& request) { return "1 <" + request + ">"; };
  EXPECT_EQ(Run({"stat", "raw", "json", "vscsi", "scsi0:0"}), 0);
  EXPECT_EQ(out_, "<guestlib.stat.get json vscsi scsi0:0>\n");
}

TEST_F(ToolboxCmdTest, ScriptsAreAFolderThatThisProgramDoesNotChange) {
  EXPECT_EQ(Run({"script", "shutdown", "current"}), 0);
  EXPECT_EQ(out_, "/etc/toolboxd/power.d/halt\n");
  EXPECT_EQ(Run({"script", "power", "disable"}), 75);
  EXPECT_NE(err_.find("/etc/toolboxd/power.d/poweron"), std::string::npos);
}

TEST_F(ToolboxCmdTest, SettingsNeedRoot) {
  EXPECT_EQ(Run({"config", "set", "a", "b", "c"}, 1000), 77);
  EXPECT_EQ(Run({"config", "set", "a", "b", "c"}), 0);
  EXPECT_EQ(Run({"config", "get", "a", "b"}), 0);
  EXPECT_EQ(out_, "[a] b = c\n");
}

TEST_F(ToolboxCmdTest, OffVmwareNothingIsDone) {
  port_.host.gone = true;
  EXPECT_EQ(Run({"config", "set", "a", "b", "c"}), 1);
  EXPECT_EQ(err_, "vmware-toolbox-cmd must be run inside a virtual machine.\n");
  port_.host.gone = false;
  EXPECT_EQ(Run({"config", "get", "a", "b"}), 69);
}

TEST_F(ToolboxCmdTest, EveryCommandHasHelp) {
  for (const char* command : {"config", "device", "disk", "globalconf", "gueststore", "info",
                              "logging", "script", "stat", "timesync"}) {
    EXPECT_EQ(Run({"help", command}), 0);
    EXPECT_EQ(out_.rfind(command, 0), 0u);
  }
  EXPECT_EQ(Run({"help", "other"}), 64);
  EXPECT_EQ(err_, "vmware-toolbox-cmd: Unknown subcommand 'other'\n");
}

}  // namespace
}  // namespace toolboxd::rpctool
