// SPDX-License-Identifier: Apache-2.0

#include "transportd/backdoor/port.h"

namespace toolboxd::backdoor {

void CpuPort::In(Registers& registers) {
  if (kind_ == PortKind::kPort) return IoPort().In(registers);
  if (kind_ == PortKind::kVmcall) return VmcallPort().In(registers);
  VmmcallPort().In(registers);
}

void CpuPort::HighBandwidthOut(Registers& registers) {
  if (kind_ == PortKind::kPort) return IoPort().HighBandwidthOut(registers);
  VmcallPort().HighBandwidthOut(registers);
}

void CpuPort::HighBandwidthIn(Registers& registers) {
  if (kind_ == PortKind::kPort) return IoPort().HighBandwidthIn(registers);
  VmcallPort().HighBandwidthIn(registers);
}

bool CpuPort::FallBack() {
  if (kind_ == PortKind::kPort) return false;
  kind_ = PortKind::kPort;
  return true;
}

}  // namespace toolboxd::backdoor
