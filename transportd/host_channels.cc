// SPDX-License-Identifier: Apache-2.0

#include "transportd/host_channels.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/detect.h"

namespace toolboxd {

absl::StatusOr<TransportChoice> ParseTransportChoice(absl::string_view name) {
  if (name == "auto") return TransportChoice::kAuto;
  if (name == "vsock") return TransportChoice::kVsock;
  if (name == "backdoor") return TransportChoice::kBackdoor;
  return absl::InvalidArgumentError(
      absl::StrCat("--transport: '", name, "' is not auto, vsock or backdoor"));
}

absl::Status CheckForVmware(CpuCheck check, Ways& ways) {
  static AbsentPort absent;
  const bool vmware_cpu = backdoor::IsVmwareCpu(backdoor::ReadCpuid);
  if (check == CpuCheck::kMade && !vmware_cpu) {
    return absl::NotFoundError("the processor does not show a VMware hypervisor");
  }
  absl::Status probed = backdoor::ProbeBackdoor(*ways.port);
  if (probed.ok() || !vmware_cpu || ways.choice == TransportChoice::kBackdoor) return probed;
  if (!vsock::SocketChannel(ways.system, Protocol::kRpci).Open().ok()) return probed;
  LogNotice("the backdoor cannot be used, and the host offers vsock: ", probed.message());
  ways.port = &absent;
  ways.choice = TransportChoice::kVsock;
  return absl::OkStatus();
}

HostChannels::HostChannels(const Ways& ways)
    : rpci_vsock_(ways.system, Protocol::kRpci),
      tclo_vsock_(ways.system, Protocol::kTclo),
      rpci_backdoor_(ways.port, backdoor::kProtocolRpci),
      tclo_backdoor_(ways.port, backdoor::kProtocolTclo),
      rpci_(Protocol::kRpci, ways.choice == TransportChoice::kBackdoor ? nullptr : &rpci_vsock_,
            ways.choice == TransportChoice::kVsock ? nullptr : &rpci_backdoor_),
      tclo_(Protocol::kTclo, ways.choice == TransportChoice::kBackdoor ? nullptr : &tclo_vsock_,
            ways.choice == TransportChoice::kVsock ? nullptr : &tclo_backdoor_) {}

}  // namespace toolboxd
