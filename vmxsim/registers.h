// SPDX-License-Identifier: Apache-2.0

// The registers and constants of VMware's backdoor (docs/protocol/transport.md 1.1 to 1.4).

#ifndef TOOLBOXD_VMXSIM_REGISTERS_H_
#define TOOLBOXD_VMXSIM_REGISTERS_H_

#include <cstddef>
#include <cstdint>

namespace toolboxd::vmxsim {

// What the instruction reads and writes. Only the low 32 bits carry protocol, but for the buffer
// pointers of the high-bandwidth port (RSI outwards, RDI inwards).
struct Registers {
  uint64_t rax = 0;
  uint64_t rbx = 0;
  uint64_t rcx = 0;
  uint64_t rdx = 0;
  uint64_t rsi = 0;
  uint64_t rdi = 0;
  uint64_t rbp = 0;
};

inline constexpr uint32_t kMagic = 0x564D5868;
inline constexpr uint16_t kPort = 0x5658;
inline constexpr uint16_t kHighBandwidthPort = 0x5659;

// Flags of a hypercall, in place of the port's number.
inline constexpr uint16_t kHypercallHighBandwidth = 1;
inline constexpr uint16_t kHypercallOut = 2;

// Commands, CX on the low-bandwidth port.
inline constexpr uint16_t kCommandGetMhz = 1;
inline constexpr uint16_t kCommandGetVersion = 10;
inline constexpr uint16_t kCommandGetGuiOptions = 13;
inline constexpr uint16_t kCommandGetHwVersion = 17;
inline constexpr uint16_t kCommandGetTime = 23;
inline constexpr uint16_t kCommandStopCatchUp = 24;
inline constexpr uint16_t kCommandMessage = 30;
inline constexpr uint16_t kCommandGetTimeFull = 46;
inline constexpr uint16_t kCommandGetTimeFullWithLag = 55;
// Not VMware's: vmxsim's own recorder reports a call; RSI = text, EBX = its length in bytes.
inline constexpr uint16_t kCommandVmxsimRecord = 0x7653;

// Sub-commands of kCommandMessage, ECX[31:16].
enum class MessageStep : uint16_t {
  kOpen = 0,
  kSendSize = 1,
  kSendPayload = 2,
  kReceiveSize = 3,
  kReceivePayload = 4,
  kReceiveStatus = 5,
  kClose = 6,
};

// Status word, ECX[31:16] or, on the high-bandwidth port, EBX[31:16].
inline constexpr uint16_t kStatusSuccess = 0x01;
inline constexpr uint16_t kStatusDoReceive = 0x02;
inline constexpr uint16_t kStatusClosed = 0x04;
inline constexpr uint16_t kStatusUnsent = 0x08;
inline constexpr uint16_t kStatusCheckpoint = 0x10;
inline constexpr uint16_t kStatusHighBandwidth = 0x80;

// EDX[31:16] of an answer: which kind of step the host says it is.
inline constexpr uint16_t kTypeSendSize = 1;
inline constexpr uint16_t kTypeSendPayload = 2;

inline constexpr uint32_t kCookieFlag = 0x80000000;
inline constexpr uint32_t kProtocolRpci = 0x49435052;
inline constexpr uint32_t kProtocolTclo = 0x4F4C4354;
inline constexpr int kMaxChannels = 128;
inline constexpr size_t kMaxMessageSize = 65536;

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_REGISTERS_H_
