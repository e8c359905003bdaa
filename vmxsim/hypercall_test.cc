// SPDX-License-Identifier: Apache-2.0

// Hypercalls: what CPUID announces, what the guest takes, and what the host serves.

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "vmxsim/harness.h"

namespace toolboxd::vmxsim {
namespace {

using Words = std::vector<std::string>;

// What transportd's probe prints in a guest of its own.
std::string Probe(const Words& flags, const Words& arguments = {}) {
  Words words = {"vmxsim/vmxsim", "run"};
  words.insert(words.end(), flags.begin(), flags.end());
  words.emplace_back("--");
  words.push_back(std::filesystem::current_path() / "transportd/backdoor/testing/port_probe");
  words.insert(words.end(), arguments.begin(), arguments.end());
  return RunProgram(words).second;
}

TEST(Hypercall, GuestTakesWhatIsAnnounced) {
  EXPECT_EQ(Probe({}), "answered port\n");
  EXPECT_EQ(Probe({"--hypercalls=none"}), "answered port\n");
  EXPECT_EQ(Probe({"--hypercalls=vmmcall"}), "answered vmmcall\n");
  EXPECT_EQ(Probe({"--hypercalls=vmcall"}), "answered vmcall\n");
  EXPECT_EQ(Probe({"--hypercalls=both"}), "answered vmcall\n");
  EXPECT_EQ(Probe({"--hypercalls=vmmcall", "--cpuid=patch"}), "answered vmmcall\n");
  EXPECT_TRUE(absl::StrContains(Probe({"--hypercalls=yes"}), "must be none, vmcall"));
  EXPECT_TRUE(absl::StrContains(Probe({"--hypercalls=both", "--cpuid=off"}), "needs CPUID"));
}

TEST(Hypercall, MessagesGoWithLowBandwidthOnly) {
  const Words request = {"info-get guestinfo.", "1000"};
  EXPECT_EQ(Probe({"--hypercalls=none"}, request),
            "answered port\n0 No value found, high bandwidth\n");
  EXPECT_EQ(Probe({"--hypercalls=none", "--no_hb"}, request), "answered port\n0 No value found\n");
  for (const std::string kind : {"vmcall", "vmmcall"}) {
    const std::string expected = absl::StrCat("answered ", kind, "\n0 No value found\n");
    EXPECT_EQ(Probe({"--hypercalls=" + kind}, request), expected);
    EXPECT_EQ(Probe({"--hypercalls=" + kind, "--no_hb"}, request), expected);
    EXPECT_EQ(Probe({"--hypercalls=" + kind, "--checkpoint_every=7"}, request), expected);
  }
}

TEST(Hypercall, FaultOfTheFirstCallLeadsToThePortOnce) {
  const Words request = {"info-get guestinfo.", "10"};
  for (const char* fault : {"sigill", "sigsegv", "silent"}) {
    EXPECT_EQ(Probe({"--hypercalls=both", absl::StrCat("--hypercall_fault=", fault)}, request),
              "answered port\n0 No value found, high bandwidth\n")
        << fault;
  }
  EXPECT_EQ(Probe({"--hypercalls=vmcall", "--hypercall_fault=silent"}, {"vmcall"}), "silent\n");
}

TEST(Hypercall, InstructionThatIsNotAnnouncedIsIllegal) {
  EXPECT_EQ(Probe({"--hypercalls=vmcall"}, {"vmmcall"}), "faulted\n");
  EXPECT_EQ(Probe({"--hypercalls=vmmcall"}, {"vmcall"}), "faulted\n");
  EXPECT_EQ(Probe({"--hypercalls=both"}, {"vmmcall"}), "answered\n");
}

// Debian's vmtoolsd, unmodified: it takes hypercalls too, and the high-bandwidth kind of them.
class VmtoolsdWithHypercalls : public testing::TestWithParam<Words> {};

TEST_P(VmtoolsdWithHypercalls, RegistersWithTheHost) {
  absl::StatusOr<Harness> harness = Harness::Start({.flags = GetParam(), .command = {"vmtoolsd"}});
  ASSERT_TRUE(harness.ok()) << harness.status();
  const absl::Status registered = harness->client().WaitRegistered(absl::Seconds(30));
  ASSERT_TRUE(registered.ok()) << registered;
  EXPECT_EQ(harness->client().Tclo("ping", absl::Seconds(20)).value_or(""), "OK ");
  EXPECT_EQ(harness->Execute({"vmware-rpctool", "info-set guestinfo.x y"}).first, 0);
  EXPECT_EQ(harness->client().Get("x").value_or("none"), "y");
  auto stats = harness->client().Stats();
  ASSERT_TRUE(stats.ok());
  EXPECT_GT((*stats)["hypercalls"], 0);
  EXPECT_EQ((*stats)["violations"], 0);
}

INSTANTIATE_TEST_SUITE_P(Hypercalls, VmtoolsdWithHypercalls,
                         testing::Values(Words{"--hypercalls=vmcall"},
                                         Words{"--hypercalls=vmmcall"},
                                         Words{"--hypercalls=both", "--no_hb"}));

}  // namespace
}  // namespace toolboxd::vmxsim
