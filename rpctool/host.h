// SPDX-License-Identifier: Apache-2.0

// The host as these programs see it: through transportd, or over the backdoor.

#ifndef TOOLBOXD_RPCTOOL_HOST_H_
#define TOOLBOXD_RPCTOOL_HOST_H_

#include <string>
#include <string_view>

#include "transportd/backdoor/port.h"
#include "transportd/backdoor/probe.h"

namespace toolboxd::rpctool {

struct Answer {
  enum class Kind { kSuccess, kFailure, kNoHost };
  Kind kind = Kind::kNoHost;
  // The host's data; or its error, or why there is none, in open-vm-tools' words.
  std::string text;
};

// Not thread-safe.
class Host {
 public:
  // How long transportd may take; then the request goes over the backdoor.
  static constexpr int kPatienceMs = 3000;

  // `socket` is transportd's; empty: never through transportd. All must outlive the host.
  Host(backdoor::Port* port, backdoor::Cpuid cpuid, const char* socket)
      : port_(*port), cpuid_(std::move(cpuid)), socket_(socket) {}

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

  backdoor::Port& port_;
  const backdoor::Cpuid cpuid_;
  const char* const socket_;
  Backdoor backdoor_ = Backdoor::kUnknown;
};

}  // namespace toolboxd::rpctool

#endif  // TOOLBOXD_RPCTOOL_HOST_H_
