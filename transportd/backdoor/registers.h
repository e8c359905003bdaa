// SPDX-License-Identifier: Apache-2.0

// The registers of one backdoor call.

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_REGISTERS_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_REGISTERS_H_

#include <cstdint>

namespace toolboxd::backdoor {

// Loaded before the instruction and stored after it, at full width; the protocol uses
// the lower 32 bits, except for the buffer address of a high-bandwidth transfer, which
// takes all of si (out) or di (in). docs/protocol/transport.md 1.2.
struct Registers {
  uint64_t ax = 0;
  uint64_t bx = 0;
  uint64_t cx = 0;
  uint64_t dx = 0;
  uint64_t si = 0;
  uint64_t di = 0;
  uint64_t bp = 0;
};

// The lower and upper 16 bits of a register's protocol half.
inline uint16_t Low16(uint64_t value) { return static_cast<uint16_t>(value); }
inline uint16_t High16(uint64_t value) { return static_cast<uint16_t>(value >> 16); }
inline uint32_t Join16(uint16_t high, uint16_t low) { return uint32_t{high} << 16 | low; }

}  // namespace toolboxd::backdoor

#endif  // TOOLBOXD_TRANSPORTD_BACKDOOR_REGISTERS_H_
