// SPDX-License-Identifier: Apache-2.0

// vmxsim as a whole, with a guest program that tries things.

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/testing/short_temp_dir.h"
#include "vmxsim/harness.h"

namespace toolboxd::vmxsim {
namespace {

constexpr char kVmxsim[] = "vmxsim/vmxsim";

std::string Probe() { return std::filesystem::current_path() / "vmxsim/guest_probe"; }

// Runs a command to its end under vmxsim.
std::pair<int, std::string> RunGuest(const std::vector<std::string>& command,
                                     const std::vector<std::string>& flags = {}) {
  std::vector<std::string> words = {kVmxsim, "run"};
  words.insert(words.end(), flags.begin(), flags.end());
  words.emplace_back("--");
  words.insert(words.end(), command.begin(), command.end());
  return RunProgram(words);
}

using Outcome = std::pair<int, std::string>;

TEST(Vmxsim, ExitCodeIsThatOfTheCommand) {
  EXPECT_EQ(RunGuest({"true"}), Outcome(0, ""));
  EXPECT_EQ(RunGuest({"sh", "-c", "exit 7"}), Outcome(7, ""));
  EXPECT_EQ(RunGuest({"sh", "-c", "kill -9 $$"}).first, 137);
  // AddressSanitizer, where it is in use, would make an exit of it.
  EXPECT_EQ(RunGuest({"env", "ASAN_OPTIONS=handle_segv=0:detect_leaks=0", Probe(), "crash"}).first,
            128 + SIGSEGV);
  EXPECT_EQ(RunGuest({"/no/such/program"}).first, 127);
  EXPECT_EQ(RunGuest({"/etc/passwd"}).first, 126);
}

TEST(Vmxsim, WrongUseIsExplained) {
  EXPECT_EQ(RunProgram({kVmxsim, "run"}).first, 2);
  EXPECT_EQ(RunProgram({kVmxsim, "run", "--nonsense", "--", "true"}).first, 2);
  EXPECT_EQ(RunProgram({kVmxsim, "nonsense"}).first, 2);
  const auto [code, output] = RunProgram({kVmxsim, "ping", "--control=/no/such/socket"});
  EXPECT_EQ(code, 1);
  EXPECT_TRUE(absl::StrContains(output, "no vmxsim at /no/such/socket")) << output;
  EXPECT_EQ(RunProgram({kVmxsim, "--help"}).first, 0);
  EXPECT_EQ(RunProgram({kVmxsim, "run", "--help"}).first, 0);
  EXPECT_EQ(RunProgram({kVmxsim, "send", "--help"}).first, 0);
  EXPECT_EQ(RunProgram({kVmxsim, "guest", "--help"}).first, 0);
  EXPECT_EQ(RunProgram({kVmxsim, "snapshot", "--help"}).first, 0);
  EXPECT_EQ(RunProgram({kVmxsim, "snapshot", "--opts=xyz"}).first, 2);
  EXPECT_EQ(RunProgram({kVmxsim, "info", "all"}),
            Outcome(2, "vmxsim info: takes no arguments\nTry: vmxsim info --help\n"));
  EXPECT_TRUE(absl::StartsWith(RunProgram({kVmxsim, "info", "--help"}).second,
                               "Usage: vmxsim info [options]\n"));
}

TEST(Vmxsim, WaitFailsWhenNoVmxsimStartsInTime) {
  ShortTempDir dir;
  const absl::Time begin = absl::Now();
  const auto [code, output] =
      RunProgram({kVmxsim, "wait", "--control=" + dir.File("none"), "--timeout=200ms"});
  EXPECT_EQ(code, 1);
  EXPECT_TRUE(absl::StrContains(output, "no vmxsim at")) << output;
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(200));
}

TEST(Vmxsim, WaitIncludesTheStartOfVmxsim) {
  ShortTempDir dir;
  const std::string control = "--control=" + dir.File("late");
  std::thread late([&] {
    absl::SleepFor(absl::Milliseconds(100));
    RunGuest({"sleep", "2"}, {control});
  });
  const auto [code, output] = RunProgram({kVmxsim, "wait", control, "--timeout=1s"});
  late.join();
  // The time is over for the guest, which has no tools; vmxsim itself was found.
  EXPECT_EQ(code, 1);
  EXPECT_TRUE(absl::StrContains(output, "the guest tools did not register in time")) << output;
}

TEST(Vmxsim, CpuidShowsVmware) {
  EXPECT_EQ(RunGuest({Probe(), "cpuid"}), Outcome(0, "VMwareVMware 1 0\n"));
  EXPECT_EQ(RunGuest({Probe(), "cpuid"}, {"--cpuid=patch"}), Outcome(0, "VMwareVMware 1 0\n"));
  EXPECT_FALSE(absl::StrContains(RunGuest({Probe(), "cpuid"}, {"--cpuid=off"}).second, "VMware"));
}

// On a CPU that cannot: an error message; on one that can: it works.
TEST(Vmxsim, FaultingCpuidWorksOrReportsThatItCannot) {
  const auto [code, output] = RunGuest({Probe(), "cpuid"}, {"--cpuid=fault"});
  if (code == 0) {
    EXPECT_EQ(output, "VMwareVMware 1 0\n");
  } else {
    EXPECT_EQ(code, 125);
    EXPECT_TRUE(absl::StrContains(output, "cannot make CPUID fault")) << output;
  }
}

TEST(Vmxsim, VariablesAreThereBeforeTheGuestStarts) {
  const std::string vmxsim = std::filesystem::current_path() / kVmxsim;
  EXPECT_EQ(RunGuest({vmxsim, "get", "guestinfo.a"}, {"--set=guestinfo.a=b=c", "--set=a2="}),
            Outcome(0, "b=c\n"));
  EXPECT_EQ(RunGuest({vmxsim, "get", "a2"}, {"--set", "a2="}), Outcome(0, "\n"));
  const auto [code, output] = RunGuest({"true"}, {"--set=guestinfo.a"});
  EXPECT_EQ(code, 2);
  EXPECT_TRUE(absl::StrContains(output, "--set a: must be NAME=VALUE")) << output;
}

TEST(Vmxsim, OtherSignalsReachTheProgram) {
  EXPECT_EQ(RunGuest({Probe(), "signals"}), Outcome(0, "1 1 1 1 0 6\n"));
}

TEST(Vmxsim, FollowsThreadsForksAndExecs) {
  EXPECT_EQ(RunGuest({Probe(), "descendants"}),
            Outcome(0, "66666666 VMwareVMware VMwareVMware 1 0\n"));
  EXPECT_EQ(RunGuest({Probe(), "exec-from-thread"}), Outcome(0, "VMwareVMware 1 0\n"));
}

TEST(Vmxsim, StopAndContinueWork) {
  EXPECT_EQ(RunGuest({Probe(), "stop"}), Outcome(0, "continued 6\n"));
}

TEST(Vmxsim, RefusesWhatWouldReachTheMachine) {
  EXPECT_EQ(RunGuest({Probe(), "forbidden"}).second,
            "vsock EAFNOSUPPORT\nvsock pair EAFNOSUPPORT\ninet allowed\nioperm EPERM\niopl "
            "EPERM\nreboot EPERM\n"
            "adjtimex allowed\nclock_settime EINVAL\nkexec_load EPERM\ndelete_module EPERM\n"
            "io_uring_setup EPERM\nfifreeze EPERM\nfithaw EPERM\nint80 ENOSYS\n");
}

TEST(Vmxsim, FreezingIsAllowedOnRequestOnly) {
  const std::string output = RunGuest({Probe(), "forbidden"}, {"--allow_freeze"}).second;
  EXPECT_TRUE(absl::StrContains(output, "fifreeze EBADF\nfithaw EBADF\n")) << output;
}

TEST(Vmxsim, GuestHasItsOwnNamespaces) {
  char host_name[256] = "";
  gethostname(host_name, sizeof(host_name));
  EXPECT_EQ(RunGuest({"hostname"}), Outcome(0, "vmxsim-guest\n"));
  EXPECT_EQ(RunGuest({"sh", "-c", "hostname changed; ip link set eth0 down; hostname"}),
            Outcome(0, "changed\n"));
  char same_name[256] = "";
  gethostname(same_name, sizeof(same_name));
  EXPECT_STREQ(host_name, same_name);
  const std::string links = RunGuest({"ls", "/sys/class/net"}).second;
  EXPECT_EQ(links, "eth0\nlo\n");
  EXPECT_EQ(
      RunGuest({"sh", "-c", "test -e /run/systemd/system || test -e /run/dbus/system_bus_socket"})
          .first,
      1);
  // Two processes: the first one, and this.
  EXPECT_EQ(RunGuest({"sh", "-c", "echo $$"}), Outcome(0, "2\n"));
}

TEST(Vmxsim, InterfaceIsUpWithItsAddresses) {
  const auto [code, output] = RunGuest({"ip", "-brief", "address", "show", "eth0"});
  EXPECT_EQ(code, 0);
  EXPECT_TRUE(absl::StrContains(output, "UP")) << output;
  EXPECT_TRUE(absl::StrContains(output, "192.0.2.10/24 2001:db8::10/64 fe80::")) << output;
}

class RunningVmxsim : public testing::Test {
 protected:
  void SetUp() override { Start({}); }

  void Start(const std::vector<std::string>& command) {
    const std::vector<std::string> sleep = {"sleep", "infinity"};
    absl::StatusOr<Harness> harness =
        Harness::Start({.command = command.empty() ? sleep : command});
    ASSERT_TRUE(harness.ok()) << harness.status();
    harness_ = std::make_unique<Harness>(*std::move(harness));
    WaitForCommand();
  }

  // Until the guest's first process has started the command.
  void WaitForCommand() {
    for (int i = 0; i < 1000; ++i) {
      if (Processes().size() >= 2) return;
      absl::SleepFor(absl::Milliseconds(5));
    }
    FAIL() << "the command has not started";
  }

  std::vector<std::string> Processes() {
    const absl::StatusOr<std::string> text = harness_->client().Call({"processes"});
    return absl::StrSplit(text.value_or(""), '\n', absl::SkipEmpty());
  }

  std::unique_ptr<Harness> harness_;
};

TEST_F(RunningVmxsim, RecordsPowerCommandsAndDoesNothing) {
  EXPECT_EQ(harness_->Execute({"/sbin/shutdown", "-h", "now"}).first, 0);
  EXPECT_EQ(harness_->Execute({"/sbin/reboot"}).first, 0);
  EXPECT_EQ(harness_->Execute({"systemctl", "poweroff", "--force"}).first, 0);
  EXPECT_EQ(*harness_->client().Recorded(),
            (std::vector<std::string>{"/sbin/shutdown -h now", "/sbin/reboot",
                                      "systemctl poweroff --force"}));
}

TEST_F(RunningVmxsim, ExecutedCommandsAreInTheGuest) {
  EXPECT_EQ(harness_->Execute({"hostname"}), Outcome(0, "vmxsim-guest\n"));
  EXPECT_EQ(harness_->Execute({Probe(), "cpuid"}), Outcome(0, "VMwareVMware 1 0\n"));
  EXPECT_EQ(harness_->Execute({"sh", "-c", "exit 9"}).first, 9);
  EXPECT_EQ(harness_->Execute({"ip", "address", "add", "198.51.100.7/24", "dev", "eth0"}).first, 0);
  EXPECT_TRUE(
      absl::StrContains(harness_->Execute({"ip", "-brief", "address"}).second, "198.51.100.7/24"));
}

TEST(Vmxsim, ClockThatAGuestSetsIsNotTheMachines) {
  absl::StatusOr<Harness> harness =
      Harness::Start({.command = {"sh", "-c", absl::StrCat(Probe(), " clock; sleep infinity")},
                      .output = testing::TempDir() + "/clock"});
  ASSERT_TRUE(harness.ok()) << harness.status();
  std::string text;
  for (int i = 0; i < 1000 && !absl::StrContains(text, "without capabilities"); ++i) {
    absl::SleepFor(absl::Milliseconds(5));
    std::ifstream file(testing::TempDir() + "/clock");
    text = std::string(std::istreambuf_iterator<char>(file), {});
  }
  EXPECT_EQ(text,
            "clock_adjtime allowed\nadjtimex allowed\nsettimeofday allowed\nclock_settime "
            "allowed\ntick allowed\nread allowed\ntick 10001\nthe machine's clock is as "
            "before\ncapset allowed\nwithout capabilities EPERM\n");
  const absl::StatusOr<std::string> clock = harness->client().Call({"clock"});
  ASSERT_TRUE(clock.ok());
  EXPECT_TRUE(absl::StrContains(*clock, "step 200\nstep -100\nstep ")) << *clock;
  EXPECT_TRUE(absl::StrContains(*clock, "tick 10001\n")) << *clock;
  EXPECT_EQ((*harness->client().Stats())["clock_steps"], 4);
}

TEST_F(RunningVmxsim, WrongWordsOfAVerbAreAWrongCommandLine) {
  const std::string control = "--control=" + harness_->control_path();
  const std::vector<std::vector<std::string>> wrong = {
      {"power", "up"}, {"bench", "often"}, {"clock", "speed=1"}, {"raw", "nics"}, {"fault", "all"}};
  for (std::vector<std::string> words : wrong) {
    words.insert(words.begin(), kVmxsim);
    words.push_back(control);
    const auto [code, output] = RunProgram(words);
    EXPECT_EQ(code, 2) << output;
    EXPECT_TRUE(absl::StrContains(output, absl::StrCat("Try: vmxsim ", words[1], " --help")))
        << output;
  }
}

TEST_F(RunningVmxsim, RequestWithoutGuestToolsSaysHowToWaitForThem) {
  EXPECT_EQ(
      RunProgram({kVmxsim, "send", "ping", "--control=" + harness_->control_path()}),
      Outcome(1, "vmxsim send: no guest tools are registered; \"vmxsim wait\" waits for them\n"));
}

TEST_F(RunningVmxsim, ExecutedCommandsBeginInTheSameFolder) {
  EXPECT_EQ(harness_->Execute({"pwd", "-P"}),
            Outcome(0, std::filesystem::current_path().string() + "\n"));
}

// What joins the guest from outside has no clock to set.
TEST_F(RunningVmxsim, ExecutedCommandsSetNoClock) {
  const std::string text = harness_->Execute({Probe(), "clock"}).second;
  EXPECT_TRUE(absl::StrContains(text, "clock_adjtime EPERM\nadjtimex EPERM\nsettimeofday EPERM\n"))
      << text;
}

// The tracer is interrupted for each command that is executed from outside, also while it sets up a
// program that starts in the guest.
TEST_F(RunningVmxsim, ExecutingCommandsLeavesStartingProgramsAlone) {
  Start({"sh", "-c", "while /bin/true; do :; done"});
  for (int i = 0; i < 40; ++i) ASSERT_EQ(harness_->Execute({"true"}).first, 0) << i;
}

// Left to the kernel, more than half are elsewhere, if not from the start.
TEST_F(RunningVmxsim, TrapsArePlayedOnTheCpuOfTheGuestsThread) {
  EXPECT_EQ(harness_->Execute({Probe(), "traps", "10000"}), Outcome(0, "its own CPUs as before\n"));
  auto stats = harness_->client().Stats();
  ASSERT_TRUE(stats.ok()) << stats.status();
  EXPECT_EQ((*stats)["traps"], 10000);
  EXPECT_LE((*stats)["traps_elsewhere"], 500);
}

TEST_F(RunningVmxsim, EndsEveryProcessOfTheGuest) {
  harness_->Execute(
      {"sh", "-c",
       "exec >/dev/null 2>&1; setsid sleep 1000 & setsid sleep 1000 & nohup sleep 1000 &"});
  const std::vector<std::string> processes = Processes();
  EXPECT_GE(processes.size(), 5u);
  EXPECT_EQ(harness_->End(), 143);
  for (const std::string& pid : processes) {
    EXPECT_NE(RunProgram({"test", "-e", "/proc/" + pid}).first, 0) << pid;
  }
}

TEST_F(RunningVmxsim, KilledVmxsimLeavesNoProcess) {
  const std::vector<std::string> processes = Processes();
  kill(harness_->pid(), SIGKILL);
  EXPECT_EQ(harness_->Wait(absl::Seconds(10)), 137);
  EXPECT_FALSE(
      std::filesystem::exists(std::filesystem::path(harness_->control_path()).parent_path()));
  // The kernel ends them, one after another, once their tracer is gone.
  const absl::Time patience = absl::Now() + absl::Seconds(10);
  for (const std::string& pid : processes) {
    const std::string directory = "/proc/" + pid;
    while (access(directory.c_str(), F_OK) == 0 && absl::Now() < patience) {
      absl::SleepFor(absl::Milliseconds(10));
    }
    EXPECT_NE(access(directory.c_str(), F_OK), 0) << pid;
  }
}

TEST_F(RunningVmxsim, WithoutToolsRequestsFailAtOnce) {
  EXPECT_TRUE(absl::IsUnavailable(harness_->client().Tclo("ping", absl::Seconds(5)).status()));
  EXPECT_TRUE(absl::IsDeadlineExceeded(harness_->client().WaitRegistered(absl::Milliseconds(50))));
  EXPECT_TRUE(absl::IsNotFound(harness_->client().Get("nothing").status()));
  EXPECT_FALSE(harness_->client().Fault("nonsense").ok());
  EXPECT_TRUE(absl::IsUnimplemented(harness_->client().Call({"nonsense"}).status()));
}

}  // namespace
}  // namespace toolboxd::vmxsim
