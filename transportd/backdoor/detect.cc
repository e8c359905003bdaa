// SPDX-License-Identifier: Apache-2.0

#include "transportd/backdoor/detect.h"

#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/registers.h"

namespace toolboxd::backdoor {
namespace {

Registers Ask(Port& port, uint16_t command) {
  Registers registers;
  registers.ax = kMagic;
  registers.bx = static_cast<uint32_t>(~kMagic);
  registers.cx = command;
  registers.dx = kLowBandwidthPort;
  port.In(registers);
  return registers;
}

// By ECX of GETVERSION.
std::string ProductName(uint32_t number) {
  switch (number) {
    case 1:
      return "VMware Express";
    case 2:
      return "VMware ESX";
    case 3:
      return "VMware GSX Server";
    case 4:
    case 5:
      return "VMware Workstation";
    default:
      return "";
  }
}

}  // namespace

absl::Status ProbeBackdoor(Port& port) {
  switch (Probe(port)) {
    case ProbeResult::kAnswered:
      return absl::OkStatus();
    case ProbeResult::kFaulted:
      return absl::NotFoundError("the backdoor port cannot be used: the access faulted");
    case ProbeResult::kSilent:
      break;
  }
  return absl::NotFoundError("no hypervisor answers at the backdoor port");
}

HostDescription DescribeHost(Port& port) {
  // No version of the virtual hardware comes near it; an unknown command is answered with all bits.
  constexpr uint32_t kHighestVersion = 999;
  HostDescription host;
  const Registers version = Ask(port, kCommandGetVersion);
  if (static_cast<uint32_t>(version.bx) == kMagic) {
    host.product = ProductName(static_cast<uint32_t>(version.cx));
  }
  const uint32_t hardware = static_cast<uint32_t>(Ask(port, kCommandGetHardwareVersion).ax);
  if (hardware <= kHighestVersion) host.hardware_version = hardware;
  return host;
}

}  // namespace toolboxd::backdoor
