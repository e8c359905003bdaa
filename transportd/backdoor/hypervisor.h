// SPDX-License-Identifier: Apache-2.0

// What shows a VMware hypervisor (docs/protocol/transport.md 1.5), for programs without a C library
// too.

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_HYPERVISOR_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_HYPERVISOR_H_

#include <cstdint>

#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/cpuid.h"
#include "transportd/backdoor/port.h"

namespace toolboxd::backdoor {

enum class ProbeResult {
  kAnswered,
  // The access ended in SIGSEGV or SIGILL: not VMware, or a host that restricts the backdoor.
  kFaulted,
  // No hypervisor changed the registers.
  kSilent,
};

// Asks the backdoor for its version; a fault is the caller's.
inline ProbeResult AskVersion(Port& port) {
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

#endif  // TOOLBOXD_TRANSPORTD_BACKDOOR_HYPERVISOR_H_
