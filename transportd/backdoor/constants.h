// SPDX-License-Identifier: Apache-2.0

// Numbers of the backdoor and of GuestMsg, the message protocol on it
// (docs/protocol/transport.md 1.1, 1.3, 1.4).

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_CONSTANTS_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_CONSTANTS_H_

#include <cstddef>
#include <cstdint>

namespace toolboxd::backdoor {

constexpr uint32_t kMagic = 0x564D5868;  // "VMXh"
constexpr uint16_t kLowBandwidthPort = 0x5658;
constexpr uint16_t kHighBandwidthPort = 0x5659;

constexpr uint16_t kCommandGetMhz = 1;
constexpr uint16_t kCommandGetVersion = 10;
constexpr uint16_t kCommandGetGuiOptions = 13;
constexpr uint16_t kCommandGetHardwareVersion = 17;
constexpr uint16_t kCommandGetTime = 23;
constexpr uint16_t kCommandStopCatchUp = 24;
constexpr uint16_t kCommandMessage = 30;
constexpr uint16_t kCommandGetTimeFull = 46;
constexpr uint16_t kCommandGetTimeFullWithLag = 55;
// What GETVERSION answers in EAX.
constexpr uint32_t kVersion = 6;

constexpr uint32_t kProtocolRpci = 0x49435052;  // "RPCI"
constexpr uint32_t kProtocolTclo = 0x4F4C4354;  // "TCLO"
// With the protocol at OPEN: the guest sends the channel's cookie with every later call.
constexpr uint32_t kCookieFlag = 0x80000000;

// The longest message, in bytes, in either direction.
constexpr size_t kMaxMessageSize = 65536;

// Sub-commands of MESSAGE, in the upper half of ECX.
enum SubCommand : uint16_t {
  kOpen = 0,
  kSendSize = 1,
  kSendPayload = 2,
  kReceiveSize = 3,
  kReceivePayload = 4,
  kReceiveStatus = 5,
  kClose = 6,
};

// The type, in the upper half of EDX, of what the host hands out.
constexpr uint16_t kTypeSize = 1;
constexpr uint16_t kTypePayload = 2;

// Status bits, in the upper half of ECX (low bandwidth) or EBX (high bandwidth).
constexpr uint16_t kStatusSuccess = 0x0001;
constexpr uint16_t kStatusDoReceive = 0x0002;
constexpr uint16_t kStatusClosed = 0x0004;
constexpr uint16_t kStatusUnsent = 0x0008;
constexpr uint16_t kStatusCheckpoint = 0x0010;
constexpr uint16_t kStatusPowerOff = 0x0020;
constexpr uint16_t kStatusTimeout = 0x0040;
constexpr uint16_t kStatusHighBandwidth = 0x0080;

}  // namespace toolboxd::backdoor

#endif  // TOOLBOXD_TRANSPORTD_BACKDOOR_CONSTANTS_H_
