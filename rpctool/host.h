// SPDX-License-Identifier: Apache-2.0

// The host as these programs see it: through transportd, over vsock, or over the backdoor.

#ifndef TOOLBOXD_RPCTOOL_HOST_H_
#define TOOLBOXD_RPCTOOL_HOST_H_

#include <string_view>

#include "rpctool/socket_client.h"
#include "rpctool/vsock_channel.h"
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

  // How long transportd may take; then the request goes over a channel of its own.
  static constexpr int kPatienceMs = 3000;

  // `socket` is transportd's; empty: never through transportd. `vsock` is used where `cpuid` shows
  // VMware, and may be null. `probe` is called there too, and must not end the process where there
  // is no backdoor. All must outlive the host.
  Host(backdoor::Port* port, VsockCalls* vsock, Cpuid cpuid, Probe probe, const char* socket)
      : port_(*port), vsock_(vsock), cpuid_(cpuid), probe_(probe), socket_(socket) {}

  // Sends a request, byte for byte: through transportd, else over vsock, else over the backdoor. It
  // goes another way, or a second time, only if the host does not have it.
  Answer Ask(std::string_view request);

  // Whether the processor shows VMware.
  bool IsVmware();

  // Whether this machine is a VMware guest whose backdoor answers. An encrypted one may have none.
  bool HasBackdoor();

  // One command of the low-bandwidth port (docs/protocol/transport.md 1.10), with EBX = 0. Only if
  // HasBackdoor().
  backdoor::Registers Command(uint16_t command);

 private:
  enum class Found { kUnknown, kYes, kNo };

  Answer AskByVsock(std::string_view request, bool& sent);
  Answer AskByBackdoor(std::string_view request);
  // Decodes the host's answer, with its first two bytes.
  static Answer Decode(std::string_view text);

  backdoor::Port& port_;
  VsockCalls* const vsock_;
  const Cpuid cpuid_;
  const Probe probe_;
  const char* const socket_;
  // Each CPUID is an exit to the hypervisor: the processor is asked once.
  Found vmware_ = Found::kUnknown;
  Found backdoor_ = Found::kUnknown;
  // The answer to the last request, whichever way it took.
  SocketReply reply_;
};

}  // namespace toolboxd::rpctool

#endif  // TOOLBOXD_RPCTOOL_HOST_H_
