// SPDX-License-Identifier: Apache-2.0

#include "transportd/backdoor/probe.h"

#include <cpuid.h>
#include <setjmp.h>
#include <signal.h>

#include <cstring>

#include "transportd/backdoor/constants.h"

namespace toolboxd::backdoor {
namespace {

constexpr uint32_t kFeatureLeaf = 1;
constexpr uint32_t kHypervisorLeaf = 0x40000000;
constexpr uint32_t kHypervisorBit = 1u << 31;

// Where the probe continues after a fault. A signal handler has no other way to know.
sigjmp_buf after_fault;

void OnFault(int) { siglongjmp(after_fault, 1); }

// Catches SIGSEGV and SIGILL while it lives.
class FaultGuard {
 public:
  FaultGuard() {
    struct sigaction action = {};
    action.sa_handler = OnFault;
    sigaction(SIGSEGV, &action, &previous_segv_);
    sigaction(SIGILL, &action, &previous_ill_);
  }
  ~FaultGuard() {
    sigaction(SIGSEGV, &previous_segv_, nullptr);
    sigaction(SIGILL, &previous_ill_, nullptr);
  }

 private:
  struct sigaction previous_segv_ = {};
  struct sigaction previous_ill_ = {};
};

}  // namespace

CpuidResult ReadCpuid(uint32_t leaf) {
  CpuidResult result;
  __cpuid(leaf, result.eax, result.ebx, result.ecx, result.edx);
  return result;
}

bool IsVmwareCpu(const Cpuid& cpuid) {
  if (!(cpuid(kFeatureLeaf).ecx & kHypervisorBit)) return false;
  const CpuidResult result = cpuid(kHypervisorLeaf);
  char vendor[12];
  std::memcpy(vendor, &result.ebx, 4);
  std::memcpy(vendor + 4, &result.ecx, 4);
  std::memcpy(vendor + 8, &result.edx, 4);
  return std::memcmp(vendor, "VMwareVMware", sizeof(vendor)) == 0;
}

ProbeResult Probe(Port& port) {
  FaultGuard guard;
  if (sigsetjmp(after_fault, 1) != 0) return ProbeResult::kFaulted;
  Registers registers;
  registers.ax = kMagic;
  registers.bx = static_cast<uint32_t>(~kMagic);
  registers.cx = kCommandGetVersion;
  registers.dx = kLowBandwidthPort;
  port.In(registers);
  const bool answered = static_cast<uint32_t>(registers.bx) == kMagic &&
                        static_cast<uint32_t>(registers.ax) == kVersion;
  return answered ? ProbeResult::kAnswered : ProbeResult::kSilent;
}

}  // namespace toolboxd::backdoor
