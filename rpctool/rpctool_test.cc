// SPDX-License-Identifier: Apache-2.0

#include "rpctool/rpctool.h"

#include <cstring>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rpctool/host.h"
#include "rpctool/testing/vmware_cpuid.h"
#include "transportd/backdoor/probe.h"
#include "transportd/backdoor/testing/fake_host.h"

namespace toolboxd::rpctool {
namespace {

using ::testing::HasSubstr;

backdoor::CpuidResult OtherCpuid(uint32_t) { return {}; }
backdoor::ProbeResult NoBackdoor(backdoor::Port&) { return backdoor::ProbeResult::kSilent; }

class RpctoolTest : public ::testing::Test {
 protected:
  // Fills in what the program prints as errors.
  int Run(std::vector<std::string> arguments, Host::Cpuid cpuid, Host::Probe probe) {
    Host host(&port_, nullptr, cpuid, probe, "");
    arguments.insert(arguments.begin(), "vmware-rpctool");
    std::vector<char*> words;
    words.reserve(arguments.size());
    for (std::string& argument : arguments) words.push_back(argument.data());
    ::testing::internal::CaptureStderr();
    const int status = RunRpctool(static_cast<int>(words.size()), words.data(), host);
    errors_ = ::testing::internal::GetCapturedStderr();
    return status;
  }

  backdoor::FakeHost port_;
  std::string errors_;
};

TEST_F(RpctoolTest, UsageIsPrintedInAGuestWithAndWithoutABackdoor) {
  for (const Host::Probe probe : {backdoor::Probe, NoBackdoor}) {
    for (const char* const option : {"-h", "--help"}) {
      EXPECT_EQ(Run({option}, VmwareCpuid, probe), 0);
      EXPECT_THAT(errors_, HasSubstr("--help"));
    }
    EXPECT_EQ(Run({}, VmwareCpuid, probe), 1);
    EXPECT_THAT(errors_, HasSubstr("--help"));
  }
}

TEST_F(RpctoolTest, OutsideAGuestEvenHelpIsRefused) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{}, {"-h"}, {"info-get guestinfo.x"}}) {
    EXPECT_EQ(Run(arguments, OtherCpuid, backdoor::Probe), 255);
    EXPECT_THAT(errors_, HasSubstr("must be run inside a virtual machine"));
  }
}

TEST_F(RpctoolTest, RequestInAGuestWithoutAnyWayToTheHostIsRefused) {
  EXPECT_EQ(Run({"log a"}, VmwareCpuid, NoBackdoor), 255);
}

}  // namespace
}  // namespace toolboxd::rpctool
