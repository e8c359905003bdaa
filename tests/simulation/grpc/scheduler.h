// SPDX-License-Identifier: Apache-2.0

// Scheduler: one process's threads as fibers on virtual time.
//
// A program that links this has no other threads and no other clock: pthread_create(3) makes a
// fiber, clock_gettime(2), poll(2), absl::SleepFor() and the waits of absl::Mutex are those of
// virtual time. Time passes only when every fiber waits, and by Work().

#ifndef TOOLBOXD_TESTS_SIMULATION_GRPC_SCHEDULER_H_
#define TOOLBOXD_TESTS_SIMULATION_GRPC_SCHEDULER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace toolboxd::simulation {

constexpr int64_t kMicrosecond = 1000;
constexpr int64_t kMillisecond = 1000 * kMicrosecond;
constexpr int64_t kSecond = 1000 * kMillisecond;
constexpr int64_t kNever = INT64_MAX;

// A deterministic generator (splitmix64).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  // 0 to below - 1.
  uint64_t Below(uint64_t below) { return below == 0 ? 0 : Next() % below; }
  bool OneIn(uint64_t n) { return Below(n) == 0; }
  int64_t Between(int64_t least, int64_t most) { return least + Below(most - least + 1); }

 private:
  uint64_t state_;
};

// Whose code a fiber runs: the product's threads are counted.
enum class Side { kProduct, kWorld };

// There is one, for the one thread of the process. Times are nanoseconds since the start of the
// simulation, which the product sees as CLOCK_MONOTONIC.
class Scheduler {
 public:
  static Scheduler& Get();

  // The first time of a run: not 0, which a program may take for "never".
  static constexpr int64_t kStart = 1000 * kSecond;

  // Runs `main` as the first fiber, of the world's side, until it returns; others are abandoned.
  // `seed` decides which of several fibers goes first.
  void Run(uint64_t seed, std::function<void()> main);
  // Frees what a run has left.
  void Clear();

  // --- for fibers
  int64_t now() const { return now_; }
  // Work takes time, without a switch.
  void Work(int64_t nanoseconds) { now_ += nanoseconds; }
  // Waits until `ready` or `deadline`; whether it was ready. `ready` must have no side effects.
  bool Wait(const std::function<bool()>& ready, int64_t deadline = kNever);
  void SleepUntil(int64_t time);
  void Sleep(int64_t nanoseconds) { SleepUntil(now_ + nanoseconds); }
  // A fiber of its own; its number.
  uint64_t Spawn(Side side, std::function<void()> body);
  // Runs a function that does not wait, at a time, between two fibers.
  void At(int64_t time, std::function<void()> action);

  // What CLOCK_REALTIME shows, and the difference, which a jump changes.
  int64_t wall() const { return now_ + wall_offset_; }
  void JumpWallClock(int64_t nanoseconds) { wall_offset_ += nanoseconds; }

  // Descriptors from this number on are the simulation's, and `ready` returns their events.
  static constexpr int kFirstDescriptor = 1 << 24;
  void set_ready(std::function<short(int fd)> ready) { descriptor_ready_ = std::move(ready); }
  // Whether pthread_create(3) fails, as where there is no memory for a stack.
  void set_no_threads(bool on) { no_threads_ = on; }

  // Fibers of the product that have not ended.
  size_t product_fibers() const;
  // Whether this fiber waits in poll(2) now.
  bool polls(uint64_t number) const;
  // Called instead of waiting forever, when no fiber has anything to wait for.
  void set_on_deadlock(std::function<void()> on_deadlock);
  uint64_t switches() const { return switches_; }

  struct Fiber;
  Fiber* current() const { return current_; }
  bool running() const { return current_ != nullptr; }

 private:
  friend struct Interposed;
  struct State;

  Scheduler();
  Fiber* Pick();
  void SwitchTo(Fiber* fiber);
  void RunActions();
  bool NoOtherBefore(int64_t time) const;
  static void Enter();

  std::unique_ptr<State> state_;
  Fiber* current_ = nullptr;
  int64_t now_ = 0;
  int64_t wall_offset_ = 0;
  uint64_t switches_ = 0;
  std::function<short(int fd)> descriptor_ready_;
  bool no_threads_ = false;
};

}  // namespace toolboxd::simulation

#endif  // TOOLBOXD_TESTS_SIMULATION_GRPC_SCHEDULER_H_
