// SPDX-License-Identifier: Apache-2.0

#include "transportd/backdoor/probe.h"

#include <signal.h>

#include <cstring>

#include "gtest/gtest.h"
#include "transportd/backdoor/testing/fake_host.h"

namespace toolboxd::backdoor {
namespace {

auto FakeCpuid(bool hypervisor_bit, const char (&vendor)[13]) {
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

TEST(Probe, KnowsVmwareByItsCpuid) {
  EXPECT_TRUE(IsVmwareCpu(FakeCpuid(true, "VMwareVMware")));
  EXPECT_FALSE(IsVmwareCpu(FakeCpuid(false, "VMwareVMware")));
  EXPECT_FALSE(IsVmwareCpu(FakeCpuid(true, "KVMKVMKVM\0\0\0")));
}

class IllegalPort final : public Port {
 public:
  void In(Registers&) override { raise(SIGILL); }
  void HighBandwidthOut(Registers&) override {}
  void HighBandwidthIn(Registers&) override {}
};

TEST(Probe, FaultDiffersFromSilence) {
  FakeHost host;
  EXPECT_EQ(Probe(host), ProbeResult::kAnswered);
  host.gone = true;
  EXPECT_EQ(Probe(host), ProbeResult::kSilent);
  IllegalPort port;
  EXPECT_EQ(Probe(port), ProbeResult::kFaulted);
}

}  // namespace
}  // namespace toolboxd::backdoor
