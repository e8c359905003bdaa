// SPDX-License-Identifier: Apache-2.0

#include "transportd/backdoor/probe.h"

#include <signal.h>

#include <cstring>
#include <fstream>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/registers.h"
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

TEST(Probe, KnowsVmwareByItsDmiVendorWhereThereIsNoCpuid) {
  const auto by_dmi = [](const char* vendor) {
    return [=](uint32_t leaf) { return CpuidOfVendor(vendor, leaf); };
  };
  EXPECT_TRUE(IsVmwareCpu(by_dmi("VMware, Inc.\n")));
  EXPECT_FALSE(IsVmwareCpu(by_dmi("QEMU\n")));
  EXPECT_FALSE(IsVmwareCpu(by_dmi("Not VMware, Inc.\n")));
  EXPECT_FALSE(IsVmwareCpu(by_dmi("")));
  EXPECT_EQ(AnnouncedPort(by_dmi("VMware, Inc.\n")), PortKind::kPort);
}

#ifdef __aarch64__
TEST(Probe, AsksDmiForItsVendor) {
  std::ifstream file("/sys/class/dmi/id/sys_vendor");
  std::string vendor;
  std::getline(file, vendor);
  EXPECT_EQ(IsVmwareCpu(ReadCpuid), vendor.substr(0, 6) == "VMware");
}
#endif

// As FakeCpuid, with leaves up to `highest` and that much in ECX of the leaf of hypercalls.
auto HypercallCpuid(uint32_t highest, uint32_t accepted) {
  return [=](uint32_t leaf) {
    CpuidResult result = FakeCpuid(true, "VMwareVMware")(leaf);
    if (leaf == 0x40000000) result.eax = highest;
    if (leaf == 0x40000010) result.ecx = accepted;
    return result;
  };
}

TEST(Probe, TakesTheHypercallThatCpuidAnnounces) {
  EXPECT_EQ(AnnouncedPort(HypercallCpuid(0x40000010, 0)), PortKind::kPort);
  EXPECT_EQ(AnnouncedPort(HypercallCpuid(0x40000010, 1)), PortKind::kVmmcall);
  EXPECT_EQ(AnnouncedPort(HypercallCpuid(0x40000010, 2)), PortKind::kVmcall);
  EXPECT_EQ(AnnouncedPort(HypercallCpuid(0x40000010, 3)), PortKind::kVmcall);
  EXPECT_EQ(AnnouncedPort(HypercallCpuid(0x4000000F, 3)), PortKind::kPort);
  EXPECT_EQ(AnnouncedPort(FakeCpuid(true, "KVMKVMKVM\0\0\0")), PortKind::kPort);
}

// Announces VMCALL, which no processor without VMware takes.
CpuidResult NestedCpuid(uint32_t leaf) { return HypercallCpuid(0x40000010, 2)(leaf); }

TEST(Probe, HypercallThatIsNotTakenLeadsToThePort) {
  CpuPort port(NestedCpuid);
  EXPECT_EQ(port.kind(), PortKind::kPort);
  port.Choose();
  EXPECT_EQ(port.kind(), PortKind::kVmcall);
  EXPECT_FALSE(port.high_bandwidth());
  Registers registers;
  registers.bx = ~uint64_t{0};
  port.HighBandwidthOut(registers);
  EXPECT_EQ(High16(registers.bx) & kStatusSuccess, 0);
  // Whatever the port does here, it is what is used.
  Probe(port);
  EXPECT_EQ(port.kind(), PortKind::kPort);
  EXPECT_TRUE(port.high_bandwidth());
  EXPECT_FALSE(port.FallBack());
}

// Faults until it has fallen back, and that once.
class FallingPort final : public Port {
 public:
  void In(Registers& registers) override {
    ++calls;
    if (!fallen) raise(SIGILL);
    registers.ax = kVersion;
    registers.bx = kMagic;
  }
  void HighBandwidthOut(Registers&) override {}
  void HighBandwidthIn(Registers&) override {}
  void Choose() override { fallen = false; }
  bool FallBack() override { return !std::exchange(fallen, true); }

  bool fallen = true;
  int calls = 0;
};

TEST(Probe, FaultFallsBackOnce) {
  FallingPort port;
  EXPECT_EQ(Probe(port), ProbeResult::kAnswered);
  EXPECT_EQ(port.calls, 2);
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
