// SPDX-License-Identifier: Apache-2.0

// What the host does about vsock now: offers it or not, and how it misbehaves.

#ifndef TOOLBOXD_VMXSIM_VSOCK_SETTINGS_H_
#define TOOLBOXD_VMXSIM_VSOCK_SETTINGS_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace toolboxd::vmxsim {

// Numbers of docs/protocol/transport.md 1.6.
inline constexpr uint32_t kVsockRpciPort = 976;
inline constexpr uint32_t kVsockTcloPort = 975;
inline constexpr uint32_t kVsockHostCid = 0;
inline constexpr uint32_t kVsockGuestCid = 3;
inline constexpr uint32_t kVsockLastPrivilegedPort = 1023;

// The name of an error that a connect can be refused with, such as "ECONNRESET".
const char* RefusalName(int error);

// A plain value; the owner's lock guards it.
class VsockSettings {
 public:
  // "on", "rpci", "tclo" or "off": what is offered. INVALID_ARGUMENT: another word.
  absl::Status Offer(absl::string_view mode);
  // One of:
  //   delay=TIME        before a connect is answered and before each packet of the host
  //   split=BYTES       the host reads and writes that many at a time, 1 ms between them, and the
  //                     guest's send buffer is as small as it can be; 0: as much as there is
  //   refuse=ERROR[:N]  the next N connects (all, without N) fail: ECONNRESET, ECONNREFUSED,
  //                     ENOBUFS, ETIMEDOUT, ENODEV, EADDRINUSE or EINTR; "none" ends it
  //   busy=PORT         binding a privileged port of at least PORT fails with EADDRINUSE; 0: none
  //   fault=KIND[:CHANNEL]  of the next packet to the guest on "rpci" or "tclo" (either, without):
  //                     MalformedVsockPacket's kinds; "silent": it is not sent; "lose": the
  //                     connection ends instead; "cut": half of it, then the end. "unread": the
  //                     next packet of the guest is not read, and the connection is reset
  absl::Status Set(absl::string_view name, absl::string_view value);

  bool Offers(uint32_t port) const { return port == kVsockRpciPort ? rpci_ : tclo_; }
  absl::Duration delay() const { return delay_; }
  size_t split() const { return split_; }
  bool Busy(uint32_t port) const {
    return busy_ != 0 && port >= busy_ && port <= kVsockLastPrivilegedPort;
  }
  // The error number of this connect, which counts; 0: as the offer is.
  int TakeRefusal();
  // The fault of the next packet on that port, which counts; empty: none. `reading`: of the guest's
  // packets.
  std::string TakeFault(uint32_t port, bool reading);
  // "on", "rpci", "tclo" or "off".
  const char* mode() const;
  // Lines "NAME VALUE" of all that is set.
  std::string Text() const;

 private:
  bool rpci_ = true, tclo_ = true;
  absl::Duration delay_;
  uint64_t split_ = 0;
  uint64_t busy_ = 0;
  int refusal_ = 0;
  // Refusals left; 0: all.
  uint64_t refusals_ = 0;
  std::string fault_;
  // The port that the fault is for; 0: either.
  uint32_t fault_port_ = 0;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_VSOCK_SETTINGS_H_
