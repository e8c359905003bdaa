// The guest that a transfer's time is compared with: it makes the traps of an exchange and does
// nothing else.

#ifndef TOOLBOXD_TESTS_BENCH_TRAP_FLOOR_H_
#define TOOLBOXD_TESTS_BENCH_TRAP_FLOOR_H_

#include <cstddef>
#include <string>

namespace toolboxd::bench {

// What the guest does after a poll that has found nothing.
enum class Polling {
  // Polls again.
  kAtOnce,
  // Waits as long as transportd would after a guest operation.
  kPaced,
};

// A request of `size` bytes, at least 32, that is answered with `reply_size` bytes, at least 3.
std::string TrapFloorRequest(size_t size, size_t reply_size, Polling polling);

// The guest: opens a TCLO channel, answers `reset`, and answers each request as soon as it has it.
// It never registers. Returns when the channel breaks, with an exit status.
int RunTrapFloor();

}  // namespace toolboxd::bench

#endif  // TOOLBOXD_TESTS_BENCH_TRAP_FLOOR_H_
