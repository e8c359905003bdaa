// SPDX-License-Identifier: Apache-2.0

// Threads that do the same for several file systems at once. The kernel takes tens of milliseconds
// for each freeze, and most of it is waiting for the other processors (three grace periods of RCU),
// for which all that freeze at one time wait together.
//
// Threads and not processes, since the twin must see one end: a process that is killed keeps its
// descriptors until the last of its threads has left FIFREEZE.

#ifndef TOOLBOXD_FREEZER_CREW_H_
#define TOOLBOXD_FREEZER_CREW_H_

#include <pthread.h>

#include <cstddef>
#include <cstdint>

namespace toolboxd::freezer {

// How many are done at one time.
inline constexpr uint32_t kAtOnce = 32;

// What a crew does.
class CrewJob {
 public:
  // Called on any thread, for several at once: 0, or an errno, after which no other one is begun.
  virtual int Do(uint32_t index) = 0;
  // Called on the owner's thread between two, and every 100 ms while it waits: the same.
  virtual int Interruption() = 0;

 protected:
  ~CrewJob() = default;
};

struct CrewResult {
  // The errno of the first one that failed, or Interruption()'s; else 0.
  int error = 0;
  // The one that failed; for Interruption() the one that took longest.
  uint32_t failed = 0;
};

// Not thread-safe: its owner's thread works with it. Allocates in its constructor only; the threads
// have the capabilities and the filter of system calls that the owner has then.
class Crew {
 public:
  // For at most `count` at a time. Where threads cannot be started, there are fewer, or none, and
  // what is left takes longer.
  explicit Crew(uint32_t count);
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;
  ~Crew();

  // The job for all from `begin` to before `end`; returns when none goes on any more.
  CrewResult Run(CrewJob& job, uint32_t begin, uint32_t end);

  uint32_t threads() const { return count_; }

 private:
  static void* Work(void* crew);
  // Needs mutex_, which it gives up while it works. False if there is nothing to begin.
  bool DoNext();
  void RecordResult(int error, uint32_t index, int64_t took);
  // The owner's share, and the wait for the others'.
  void RunOwner();

  pthread_t threads_[kAtOnce];
  uint32_t count_ = 0;
  void* stacks_ = nullptr;
  size_t stacks_size_ = 0;

  // Guards what follows.
  pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t work_ = PTHREAD_COND_INITIALIZER;
  pthread_cond_t idle_ = PTHREAD_COND_INITIALIZER;
  CrewJob* job_ = nullptr;
  uint32_t next_ = 0;
  uint32_t end_ = 0;
  // Those that have begun and not ended.
  uint32_t busy_ = 0;
  bool over_ = false;
  CrewResult result_;
  bool interrupted_ = false;
  uint32_t slowest_ = 0;
  int64_t longest_ = -1;
};

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_CREW_H_
