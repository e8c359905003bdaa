// SPDX-License-Identifier: Apache-2.0

// The guest that a transfer's time is compared with: it makes the traps of a transfer, or sends and
// receives its packets over vsock, and does nothing else.

#ifndef TOOLBOXD_TESTS_BENCH_TRAP_FLOOR_H_
#define TOOLBOXD_TESTS_BENCH_TRAP_FLOOR_H_

#include <cstdint>

#include "vmxsim/guest/hgfs_transfer.h"

namespace toolboxd::bench {

// The length of the only file, whatever its path. What is written, in whole packets, is discarded.
constexpr uint64_t kTrapFloorFileSize = uint64_t{270} * vmxsim::kTransferChunk;

// The guest: opens a TCLO channel, answers `reset`, and answers the packets of a transfer
// (docs/protocol/hgfs.md 5.2) with replies that were made before. Over the backdoor it polls
// without a pause between the packets; over vsock it waits for the host. It never registers.
// Returns when the channel breaks, with an exit status.
int RunTrapFloor(bool vsock);

}  // namespace toolboxd::bench

#endif  // TOOLBOXD_TESTS_BENCH_TRAP_FLOOR_H_
