// SPDX-License-Identifier: Apache-2.0

// WorkerPool: work that waits, on threads of its own.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_WORKER_POOL_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_WORKER_POOL_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

namespace toolboxd {

// A task's result, once there is one. Thread-safe.
template <typename T>
class Pending {
 public:
  // Whether the task has ended, or ends within `patience`.
  bool Wait(absl::Duration patience) const {
    return done_.WaitForNotificationWithTimeout(patience);
  }
  bool IsDone() const { return done_.HasBeenNotified(); }
  // To be called once, after the end.
  T Take() { return *std::exchange(result_, std::nullopt); }
  // To be called once, by the task's thread.
  void Set(T result) {
    result_.emplace(std::move(result));
    done_.Notify();
  }

 private:
  absl::Notification done_;
  std::optional<T> result_;
};

// Who a task is for.
enum class TaskOrigin {
  // A user whose credential PAM has accepted.
  kUser,
  // Anyone else.
  kStranger,
};

// A thread for each task, which ends with it: logins are rare, and an idle process has no thread
// more. The number of tasks is bounded, and so is each share, so that tasks that hang take no place
// from another user. Not thread-safe.
class WorkerPool {
 public:
  static constexpr size_t kMaxTasks = 16;
  // The limit for all strangers together.
  static constexpr size_t kMaxTasksOfStrangers = 8;
  // The limit for one owner, a user's name: a login for each service. Strangers who use the name
  // have a share of their own.
  static constexpr size_t kMaxTasksOfOwner = 2;
  // How long the destructor waits for tasks that have not ended. Afterwards they run on: a task
  // owns what it uses.
  static constexpr absl::Duration kPatience = absl::Seconds(2);

  WorkerPool() = default;
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Null if there are too many tasks, or no thread can be made.
  template <typename T>
  std::shared_ptr<Pending<T>> Start(TaskOrigin origin, const std::string& owner,
                                    std::function<T()> task) {
    auto pending = std::make_shared<Pending<T>>();
    const bool started = StartThread(
        origin, owner, [pending, task = std::move(task)](const std::function<void()>& end) mutable {
          T result = task();
          task = nullptr;
          end();
          pending->Set(std::move(result));
        });
    return started ? pending : nullptr;
  }

  // Tasks that have not ended.
  size_t size() const;

 private:
  // Shared with the threads, which may outlive the pool.
  struct Shared {
    mutable absl::Mutex mutex;
    size_t tasks ABSL_GUARDED_BY(mutex) = 0;
    size_t tasks_of_strangers ABSL_GUARDED_BY(mutex) = 0;
    absl::flat_hash_map<std::pair<TaskOrigin, std::string>, size_t> tasks_of_owners
        ABSL_GUARDED_BY(mutex);

    bool Add(TaskOrigin origin, const std::string& owner);
    void Remove(TaskOrigin origin, const std::string& owner);
  };
  // Runs with a function that gives the task's place back.
  using Body = std::function<void(const std::function<void()>& end)>;

  bool StartThread(TaskOrigin origin, const std::string& owner, Body body);

  const std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_WORKER_POOL_H_
