// SPDX-License-Identifier: Apache-2.0

// Port: the instructions that reach the hypervisor. The comments name those of x86-64; on arm64
// each is a read of a system register that the hypervisor traps (docs/protocol/transport.md 1.8),
// and hypercalls fault.

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_PORT_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_PORT_H_

#include <cstdint>

#include "transportd/backdoor/cpuid.h"
#include "transportd/backdoor/registers.h"

namespace toolboxd::backdoor {

// Each call loads all registers, runs one instruction and stores all registers. The registers are
// those of the port instructions, port number included: what a hypercall needs in its place, the
// implementation puts there.
class Port {
 public:
  virtual ~Port() = default;

  // `in (%dx), %eax`, or a hypercall: one command or one step of a message.
  virtual void In(Registers& registers) = 0;
  // `rep outsb`: cx bytes at si to the host.
  virtual void HighBandwidthOut(Registers& registers) = 0;
  // `rep insb`: cx bytes from the host to di.
  virtual void HighBandwidthIn(Registers& registers) = 0;

  // Whether the high-bandwidth calls may be used, where the host offers that.
  virtual bool high_bandwidth() const { return true; }
  // The instruction's name, for people.
  virtual const char* instruction() const { return "port"; }
  // For Probe(), before the first call: chooses the instruction where there is a choice.
  virtual void Choose() {}
  // For Probe(), after a first call that faulted or was not answered: takes another instruction.
  // False: there is none.
  virtual bool FallBack() { return false; }
};

// The port instructions. Outside VMware, and where the host restricts the backdoor, they fault with
// SIGSEGV, on arm64 with SIGILL. Stateless, usable from any thread, as the two below.
class IoPort final : public Port {
 public:
  void In(Registers& registers) override;
  void HighBandwidthOut(Registers& registers) override;
  void HighBandwidthIn(Registers& registers) override;
};

// Hypercalls (docs/protocol/transport.md 1.7), low bandwidth only: the high-bandwidth calls do
// nothing, and return a status without SUCCESS. Where the hypervisor does not take them they fault
// with SIGILL or SIGSEGV, or return another hypervisor's error.
class VmcallPort final : public Port {
 public:
  void In(Registers& registers) override;
  void HighBandwidthOut(Registers& registers) override { registers.bx = 0; }
  void HighBandwidthIn(Registers& registers) override { registers.bx = 0; }
  bool high_bandwidth() const override { return false; }
};

class VmmcallPort final : public Port {
 public:
  void In(Registers& registers) override;
  void HighBandwidthOut(Registers& registers) override { registers.bx = 0; }
  void HighBandwidthIn(Registers& registers) override { registers.bx = 0; }
  bool high_bandwidth() const override { return false; }
};

// The processor's own way: the port instructions, until Choose() finds that CPUID announces
// hypercalls; then those, until FallBack() returns to the port. Usable from any thread, but for
// these two.
class CpuPort final : public Port {
 public:
  using Cpuid = CpuidResult (*)(uint32_t leaf);
  explicit CpuPort(Cpuid cpuid = ReadCpuid) : cpuid_(cpuid) {}

  void In(Registers& registers) override;
  void HighBandwidthOut(Registers& registers) override;
  void HighBandwidthIn(Registers& registers) override;
  bool high_bandwidth() const override { return kind_ == PortKind::kPort; }
  const char* instruction() const override { return PortKindName(kind_); }
  void Choose() override { kind_ = AnnouncedPort(cpuid_); }
  bool FallBack() override;

  PortKind kind() const { return kind_; }

 private:
  const Cpuid cpuid_;
  PortKind kind_ = PortKind::kPort;
};

}  // namespace toolboxd::backdoor

#endif  // TOOLBOXD_TRANSPORTD_BACKDOOR_PORT_H_
