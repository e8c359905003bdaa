// SPDX-License-Identifier: Apache-2.0

// Turns a trapped instruction of a guest into a call on the simulated VMX.

#ifndef TOOLBOXD_VMXSIM_BACKDOOR_TRAP_H_
#define TOOLBOXD_VMXSIM_BACKDOOR_TRAP_H_

#include <sys/types.h>
#include <sys/user.h>

#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "vmxsim/model.h"

namespace toolboxd::vmxsim {

enum class PortInstruction { kNone, kIn, kRepIns, kRepOuts };

struct DecodedPortInstruction {
  PortInstruction kind = PortInstruction::kNone;
  // Bytes, prefixes included.
  int length = 0;
};

// `bytes` begins at the instruction. Knows `in %dx,%eax`, `rep insb` and `rep outsb`, with
// redundant REX prefixes; everything else is kNone.
DecodedPortInstruction DecodePortInstruction(absl::string_view bytes);

// The instructions of one address space that have trapped; saves reading memory at every trap.
using TrapCache = absl::flat_hash_map<uint64_t, DecodedPortInstruction>;

// Whether the registers of a faulting thread look like a backdoor call.
inline bool LooksLikeBackdoor(const user_regs_struct& registers) {
  const uint16_t port = static_cast<uint16_t>(registers.rdx);
  return (port == kPort || port == kHighBandwidthPort) &&
         static_cast<uint32_t>(registers.rax) == kMagic;
}

// Plays the instruction at RIP on `registers`, RIP included. False: it is not a backdoor call (or
// its buffer is not readable), and the fault is the guest's own.
bool PlayBackdoor(pid_t tid, absl::Time exec, TrapCache& cache, Vmx& vmx,
                  user_regs_struct& registers);

// Plays a hypercall on `registers`, but for RIP: DX holds flags in place of the port's number
// (docs/protocol/transport.md 1.7). False: it is not a backdoor call.
bool PlayHypercall(pid_t tid, absl::Time exec, Vmx& vmx, user_regs_struct& registers);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_BACKDOOR_TRAP_H_
