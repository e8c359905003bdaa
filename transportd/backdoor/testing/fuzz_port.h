// SPDX-License-Identifier: Apache-2.0

// FuzzPort: a host that answers every step with arbitrary registers, for fuzzers.

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_TESTING_FUZZ_PORT_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_TESTING_FUZZ_PORT_H_

#include <cstdint>
#include <cstring>

#include "transportd/backdoor/port.h"
#include "transportd/wire/reader.h"

namespace toolboxd::backdoor {

class FuzzPort final : public Port {
 public:
  // `input` must outlive the port.
  explicit FuzzPort(wire::Reader* input) : input_(*input) {}

  // Six bytes a step: status (one byte), type (one byte), EBX. All zero at the end of the input.
  void In(Registers& registers) override {
    const uint16_t status = input_.U8();
    registers.cx = Join16(status, Low16(registers.cx));
    registers.dx = Join16(input_.U8(), Low16(registers.dx));
    registers.bx = input_.U32();
  }
  void HighBandwidthOut(Registers& registers) override { registers.bx = Join16(input_.U8(), 0); }
  void HighBandwidthIn(Registers& registers) override {
    std::memset(reinterpret_cast<char*>(registers.di), 'x', registers.cx);
    registers.bx = Join16(input_.U8(), 0);
  }

 private:
  wire::Reader& input_;
};

}  // namespace toolboxd::backdoor

#endif  // TOOLBOXD_TRANSPORTD_BACKDOOR_TESTING_FUZZ_PORT_H_
