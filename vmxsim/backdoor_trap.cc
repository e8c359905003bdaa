// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/backdoor_trap.h"

#include <string>

#include "vmxsim/registers.h"
#include "vmxsim/tracee.h"

namespace toolboxd::vmxsim {
namespace {

constexpr uint64_t kMaxTransfer = 1 << 20;

Registers FromUser(const user_regs_struct& user) {
  return {user.rax, user.rbx, user.rcx, user.rdx, user.rsi, user.rdi, user.rbp};
}

void ToUser(const Registers& registers, user_regs_struct& user) {
  user.rax = registers.rax;
  user.rbx = registers.rbx;
  user.rcx = registers.rcx;
  user.rdx = registers.rdx;
  user.rsi = registers.rsi;
  user.rdi = registers.rdi;
  user.rbp = registers.rbp;
}

bool PlayIn(pid_t tid, absl::Time exec, Vmx& vmx, Registers& registers) {
  if (static_cast<uint16_t>(registers.rcx) == kCommandVmxsimRecord) {
    std::string text(registers.rbx & 0xFFFF, '\0');
    text.resize(ReadMemory(tid, registers.rsi, text.data(), text.size()));
    vmx.Record(text);
    registers.rax = 0;
    return true;
  }
  vmx.LowBandwidth(registers, exec);
  return true;
}

bool PlayOut(pid_t tid, Vmx& vmx, Registers& registers) {
  if (registers.rcx > kMaxTransfer) return false;
  std::string bytes(registers.rcx, '\0');
  if (ReadMemory(tid, registers.rsi, bytes.data(), bytes.size()) != bytes.size()) return false;
  vmx.HighBandwidthOut(registers, bytes);
  return true;
}

bool PlayIns(pid_t tid, Vmx& vmx, Registers& registers) {
  if (registers.rcx > kMaxTransfer) return false;
  const uint64_t destination = registers.rdi;
  const std::string bytes = vmx.HighBandwidthIn(registers);
  return bytes.empty() || WriteMemory(tid, destination, bytes);
}

}  // namespace

DecodedPortInstruction DecodePortInstruction(absl::string_view bytes) {
  bool rep = false;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<uint8_t>(bytes[i]);
    const int length = static_cast<int>(i) + 1;
    if (byte == 0xF3) {
      rep = true;
    } else if (byte >= 0x40 && byte <= 0x4F) {
      continue;  // REX: changes nothing here
    } else if (byte == 0xED && !rep) {
      return {PortInstruction::kIn, length};
    } else if (byte == 0x6C && rep) {
      return {PortInstruction::kRepIns, length};
    } else if (byte == 0x6E && rep) {
      return {PortInstruction::kRepOuts, length};
    } else {
      break;
    }
  }
  return {};
}

bool PlayBackdoor(pid_t tid, absl::Time exec, TrapCache& cache, Vmx& vmx,
                  user_regs_struct& registers) {
  if (!LooksLikeBackdoor(registers)) return false;
  auto found = cache.find(registers.rip);
  if (found == cache.end()) {
    char bytes[4];
    const size_t size = ReadMemory(tid, registers.rip, bytes, sizeof(bytes));
    const DecodedPortInstruction decoded = DecodePortInstruction(absl::string_view(bytes, size));
    if (decoded.kind == PortInstruction::kNone) return false;
    found = cache.emplace(registers.rip, decoded).first;
  }
  const bool high_bandwidth = static_cast<uint16_t>(registers.rdx) == kHighBandwidthPort;
  Registers played = FromUser(registers);
  bool ok = false;
  switch (found->second.kind) {
    case PortInstruction::kIn:
      ok = !high_bandwidth && PlayIn(tid, exec, vmx, played);
      break;
    case PortInstruction::kRepOuts:
      ok = high_bandwidth && PlayOut(tid, vmx, played);
      break;
    case PortInstruction::kRepIns:
      ok = high_bandwidth && PlayIns(tid, vmx, played);
      break;
    case PortInstruction::kNone:
      break;
  }
  if (!ok) return false;
  ToUser(played, registers);
  registers.rip += found->second.length;
  return true;
}

bool PlayHypercall(pid_t tid, absl::Time exec, Vmx& vmx, user_regs_struct& registers) {
  if (static_cast<uint32_t>(registers.rax) != kMagic) return false;
  Registers played = FromUser(registers);
  bool ok = false;
  switch (static_cast<uint16_t>(registers.rdx)) {
    case 0:
      ok = PlayIn(tid, exec, vmx, played);
      break;
    case kHypercallHighBandwidth:
      ok = PlayIns(tid, vmx, played);
      break;
    case kHypercallHighBandwidth | kHypercallOut:
      ok = PlayOut(tid, vmx, played);
      break;
    default:
      break;
  }
  if (ok) ToUser(played, registers);
  return ok;
}

}  // namespace toolboxd::vmxsim
