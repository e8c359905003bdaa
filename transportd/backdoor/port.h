// SPDX-License-Identifier: Apache-2.0

// Port: the three instructions that reach the hypervisor.

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_PORT_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_PORT_H_

#include "transportd/backdoor/registers.h"

namespace toolboxd::backdoor {

// Each call loads all registers, runs one instruction and stores all registers.
class Port {
 public:
  virtual ~Port() = default;

  // `in (%dx), %eax`: one command or one step of a message.
  virtual void In(Registers& registers) = 0;
  // `rep outsb`: cx bytes at si to the host.
  virtual void HighBandwidthOut(Registers& registers) = 0;
  // `rep insb`: cx bytes from the host to di.
  virtual void HighBandwidthIn(Registers& registers) = 0;
};

// The processor's own. Outside VMware, and where the host restricts the backdoor, the
// instruction faults with SIGSEGV: see detect.h. Stateless, usable from any thread.
class CpuPort final : public Port {
 public:
  void In(Registers& registers) override;
  void HighBandwidthOut(Registers& registers) override;
  void HighBandwidthIn(Registers& registers) override;
};

}  // namespace toolboxd::backdoor

#endif  // TOOLBOXD_TRANSPORTD_BACKDOOR_PORT_H_
