// SPDX-License-Identifier: Apache-2.0

#include "transportd/backdoor/detect.h"

#include <signal.h>

#include "gtest/gtest.h"
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

}  // namespace
}  // namespace toolboxd::backdoor
