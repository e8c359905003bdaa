// SPDX-License-Identifier: Apache-2.0

// TaskQueue: work that other threads post to the channel's thread.

#ifndef TOOLBOXD_TRANSPORTD_TASK_QUEUE_H_
#define TOOLBOXD_TRANSPORTD_TASK_QUEUE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace toolboxd {

// One thread, the owner, calls RunUntil(); the other functions are thread-safe. The destructor
// discards the tasks that have not run. Times are SteadyNow()'s (base/steady_time.h).
class TaskQueue {
 public:
  using Task = std::function<void()>;

  TaskQueue();
  ~TaskQueue();
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;

  // Wakes the owner, which runs the tasks in the order in which they were posted. Returns the
  // task's number, for Withdraw().
  uint64_t Post(Task task);
  // The same, but not before `time`.
  void PostAt(absl::Time time, Task task);

  // Discards a task of Post() that has not begun.
  void Withdraw(uint64_t number);

  // Runs the tasks that wait, then sleeps until `deadline` or the next task, and so on until
  // `deadline`. Tasks that wait run even if the deadline is in the past. Returns false, at once,
  // after Stop(). Returns early if `fd` is readable or has failed; -1 for none.
  bool RunUntil(absl::Time deadline, int fd = -1);

  // The tasks that wait, those of PostAt() among them.
  size_t size() const;

  // Ends the current and every later RunUntil().
  void Stop();

 private:
  struct Posted {
    uint64_t number;
    Task task;
  };

  // False after Stop().
  bool RunPending();
  // The first task, if its number is at most `last`; null otherwise.
  Task Take(uint64_t last);
  // The earlier of `deadline` and the time of the next task of PostAt().
  absl::Time WakeTime(absl::Time deadline);
  void Wake();

  // An eventfd: readable after Post(), PostAt() and Stop().
  const int wake_fd_;
  // Guards the members below, for posting threads and the owner; not held while a task runs.
  mutable absl::Mutex mutex_;
  std::deque<Posted> tasks_ ABSL_GUARDED_BY(mutex_);
  uint64_t last_number_ ABSL_GUARDED_BY(mutex_) = 0;
  std::multimap<absl::Time, Task> timed_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_TASK_QUEUE_H_
