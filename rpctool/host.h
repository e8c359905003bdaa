// SPDX-License-Identifier: Apache-2.0

// The host as these programs see it: through transportd, or over the backdoor.

#ifndef TOOLBOXD_RPCTOOL_HOST_H_
#define TOOLBOXD_RPCTOOL_HOST_H_

#include <string_view>

#include "rpctool/socket_client.h"
#include "transportd/backdoor/hypervisor.h"
#include "transportd/backdoor/port.h"

namespace toolboxd::rpctool {

struct Answer {
  enum class Kind { kSuccess, kFailure, kNoHost };
  Kind kind = Kind::kNoHost;
  // The host's data; or its error, or why there is none, in open-vm-tools' words. Valid until the
  // host is asked again.
  std::string_view text;
};

// Not thread-safe. Has a reply's 64 KiB in itself.
class Host {
 public:
  using Cpuid = backdoor::CpuidResult (*)(uint32_t leaf);
  using Probe = backdoor::ProbeResult (*)(backdoor::Port& port);

  // How long transportd may take; then the request goes over the backdoor.
  static constexpr int kPatienceMs = 3000;

  // `socket` is transportd's; empty: never through transportd. `probe` is called where `cpuid`
  // shows VMware, and must not end the process where there is none. All must outlive the host.
  Host(backdoor::Port* port, Cpuid cpuid, Probe probe, const char* socket)
      : port_(*port), cpuid_(cpuid), probe_(probe), socket_(socket) {}

  // Sends a request, byte for byte. Over the backdoor a second time if the exchange breaks: the
  // host may then have seen it twice.
  Answer Ask(std::string_view request);

  // Whether this machine is a VMware guest whose backdoor answers.
  bool HasBackdoor();

  // One command of the low-bandwidth port (docs/protocol/transport.md 1.10), with EBX = 0. Only if
  // HasBackdoor().
  backdoor::Registers Command(uint16_t command);

 private:
  enum class Backdoor { kUnknown, kUsable, kAbsent };

  Answer AskByBackdoor(std::string_view request);

  backdoor::Port& port_;
  const Cpuid cpuid_;
  const Probe probe_;
  const char* const socket_;
  Backdoor backdoor_ = Backdoor::kUnknown;
  // Of the last request, whichever way it took.
  SocketReply reply_;
};

}  // namespace toolboxd::rpctool

#endif  // TOOLBOXD_RPCTOOL_HOST_H_
