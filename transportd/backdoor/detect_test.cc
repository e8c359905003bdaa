// SPDX-License-Identifier: Apache-2.0

#include "transportd/backdoor/detect.h"

#include <signal.h>

#include "gtest/gtest.h"
#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/registers.h"
#include "transportd/backdoor/testing/fake_host.h"

namespace toolboxd::backdoor {
namespace {

TEST(Detect, FindsAHostThatAnswers) {
  FakeHost host;
  EXPECT_TRUE(ProbeBackdoor(host).ok());
}

TEST(Detect, PortThatDoesNotAnswerIsNotFound) {
  FakeHost host;
  host.gone = true;
  EXPECT_TRUE(absl::IsNotFound(ProbeBackdoor(host)));
}

// As the processor does outside VMware.
class FaultingPort final : public Port {
 public:
  void In(Registers&) override { raise(SIGSEGV); }
  void HighBandwidthOut(Registers&) override {}
  void HighBandwidthIn(Registers&) override {}
};

TEST(Detect, SurvivesTheFaultAndRestoresTheHandler) {
  struct sigaction before, after;
  sigaction(SIGSEGV, nullptr, &before);
  FaultingPort port;
  EXPECT_TRUE(absl::IsNotFound(ProbeBackdoor(port)));
  EXPECT_TRUE(absl::IsNotFound(ProbeBackdoor(port)));
  sigaction(SIGSEGV, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}

TEST(Detect, RealPortNeverEndsTheProcess) {
  CpuPort port;
  const bool found = ProbeBackdoor(port).ok();
  // Other hypervisors may show a VMware port too (QEMU's vmport), so only this way round.
  if (!found) {
    EXPECT_TRUE(absl::IsNotFound(ProbeBackdoor(port)));
  }
}

// Answers GETVERSION and GETHWVERSION with what a test says.
class DescribingPort final : public Port {
 public:
  void In(Registers& registers) override {
    if (Low16(registers.cx) == kCommandGetVersion) {
      registers = {.ax = kVersion, .bx = magic, .cx = product};
    } else {
      registers.ax = hardware;
    }
  }
  void HighBandwidthOut(Registers&) override {}
  void HighBandwidthIn(Registers&) override {}

  uint32_t magic = kMagic;
  uint32_t product = 2;
  uint32_t hardware = 19;
};

TEST(Detect, DescribesTheHost) {
  DescribingPort port;
  EXPECT_EQ(DescribeHost(port).product, "VMware ESX");
  EXPECT_EQ(DescribeHost(port).hardware_version, 19u);
  port.product = 4;
  EXPECT_EQ(DescribeHost(port).product, "VMware Workstation");
}

TEST(Detect, FactsThatTheHostDoesNotReportAreLeftOut) {
  DescribingPort port;
  port.product = 77;
  port.hardware = 0xffffffff;
  EXPECT_EQ(DescribeHost(port).product, "");
  EXPECT_EQ(DescribeHost(port).hardware_version, 0u);
  port.product = 2;
  port.magic = 0;
  EXPECT_EQ(DescribeHost(port).product, "");
}

}  // namespace
}  // namespace toolboxd::backdoor
