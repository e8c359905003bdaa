// SPDX-License-Identifier: Apache-2.0

#include "transportd/backdoor/detect.h"

#include <signal.h>

#include <cstring>

#include "gtest/gtest.h"
#include "transportd/backdoor/testing/fake_host.h"

namespace toolboxd::backdoor {
namespace {

Cpuid FakeCpuid(bool hypervisor_bit, const char (&vendor)[13]) {
  CpuidResult hypervisor;
  std::memcpy(&hypervisor.ebx, vendor, 4);
  std::memcpy(&hypervisor.ecx, vendor + 4, 4);
  std::memcpy(&hypervisor.edx, vendor + 8, 4);
  return [=](uint32_t leaf) {
    if (leaf == 0x40000000) return hypervisor;
    CpuidResult result;
    if (leaf == 1 && hypervisor_bit) result.ecx = 1u << 31;
    return result;
  };
}

TEST(Detect, KnowsVmwareByItsCpuid) {
  EXPECT_TRUE(IsVmwareCpu(FakeCpuid(true, "VMwareVMware")));
  EXPECT_FALSE(IsVmwareCpu(FakeCpuid(false, "VMwareVMware")));
  EXPECT_FALSE(IsVmwareCpu(FakeCpuid(true, "KVMKVMKVM\0\0\0")));
}

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
