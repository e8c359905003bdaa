// SPDX-License-Identifier: Apache-2.0

#include "daemon/quiet_engine.h"

#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "base/steady_condition.h"

namespace toolboxd {
namespace {

using grpc_event_engine::experimental::EndpointConfig;
using grpc_event_engine::experimental::EventEngine;
using grpc_event_engine::experimental::MemoryAllocator;
using grpc_event_engine::experimental::MemoryAllocatorFactory;

// The tasks, shared with the thread: gRPC may drop the last reference to the engine inside
// one of its tasks, and the thread then outlives the engine by the rest of that task.
class TaskQueue {
 public:
  using Clock = std::chrono::steady_clock;
  using Task = absl::AnyInvocable<void()>;

  // Returns the task's number, for Cancel.
  intptr_t Add(Clock::time_point when, Task task) {
    std::lock_guard<std::mutex> lock(mutex_);
    const intptr_t number = ++last_number_;
    auto added = tasks_.emplace(when, Item{number, std::move(task)});
    // Only a new first task changes what the thread waits for.
    if (added == tasks_.begin()) changed_.NotifyOne();
    return number;
  }

  // False if the task has run, is running, or never was.
  bool Cancel(intptr_t number) {
    Task task;  // Destroyed unlocked: what it owns may call back into the engine.
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto it = tasks_.begin(); it != tasks_.end(); ++it) {
      if (it->second.number != number) continue;
      task = std::move(it->second.task);
      tasks_.erase(it);
      return true;
    }
    return false;
  }

  void Stop() {
    std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
    changed_.NotifyOne();
  }

  // Runs tasks until Stop. Tasks that are due at Stop still run; later ones do not.
  void Loop() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      if (!tasks_.empty() && tasks_.begin()->first <= Clock::now()) {
        Task task = std::move(tasks_.begin()->second.task);
        tasks_.erase(tasks_.begin());
        lock.unlock();
        task();
        task = nullptr;
        lock.lock();
      } else if (stopped_) {
        return;
      } else if (tasks_.empty()) {
        changed_.Wait(lock);
      } else {
        const Clock::time_point due = tasks_.begin()->first;
        changed_.WaitUntil(lock, due);
      }
    }
  }

 private:
  struct Item {
    intptr_t number;
    Task task;
  };

  std::mutex mutex_;  // Guards all below.
  SteadyCondition changed_;
  std::multimap<Clock::time_point, Item> tasks_;
  intptr_t last_number_ = 0;
  bool stopped_ = false;
};

// The interface demands that nothing is pending when the engine is destroyed, and gRPC keeps
// to that: what is dropped then was cancelled, or is a timer of a process that ends.
class QuietEngine final : public EventEngine {
 public:
  ~QuietEngine() override {
    queue_->Stop();
    if (!thread_.joinable()) return;
    if (IsWorkerThread()) {
      thread_.detach();
    } else {
      thread_.join();
    }
  }

  void Run(Closure* closure) override {
    Add(TaskQueue::Clock::time_point::min(), [closure] { closure->Run(); });
  }
  void Run(absl::AnyInvocable<void()> task) override {
    Add(TaskQueue::Clock::time_point::min(), std::move(task));
  }
  TaskHandle RunAfter(Duration delay, Closure* closure) override {
    return Add(TaskQueue::Clock::now() + delay, [closure] { closure->Run(); });
  }
  TaskHandle RunAfter(Duration delay, absl::AnyInvocable<void()> task) override {
    return Add(TaskQueue::Clock::now() + delay, std::move(task));
  }
  bool Cancel(TaskHandle handle) override { return queue_->Cancel(handle.keys[0]); }

  bool IsWorkerThread() override {
    std::lock_guard<std::mutex> lock(start_mutex_);
    return std::this_thread::get_id() == thread_.get_id();
  }

  absl::StatusOr<std::unique_ptr<Listener>> CreateListener(
      Listener::AcceptCallback, absl::AnyInvocable<void(absl::Status)>, const EndpointConfig&,
      std::unique_ptr<MemoryAllocatorFactory>) override {
    return absl::UnimplementedError("this engine has no sockets");
  }
  ConnectionHandle Connect(OnConnectCallback, const ResolvedAddress&, const EndpointConfig&,
                           MemoryAllocator, Duration) override {
    abort();  // The interface cannot refuse; gRPC 1.51 never calls it.
  }
  bool CancelConnect(ConnectionHandle) override { return false; }
  std::unique_ptr<DNSResolver> GetDNSResolver(const DNSResolver::ResolverOptions&) override {
    return nullptr;
  }

 private:
  TaskHandle Add(TaskQueue::Clock::time_point when, TaskQueue::Task task) {
    {
      std::lock_guard<std::mutex> lock(start_mutex_);
      if (!thread_.joinable()) {
        thread_ = std::thread([queue = queue_] { queue->Loop(); });
      }
    }
    return {{queue_->Add(when, std::move(task)), 0}};
  }

  const std::shared_ptr<TaskQueue> queue_ = std::make_shared<TaskQueue>();
  std::mutex start_mutex_;  // Guards thread_ until it runs.
  std::thread thread_;
};

}  // namespace

std::unique_ptr<EventEngine> NewQuietEngine() { return std::make_unique<QuietEngine>(); }

void InstallQuietEngine() {
  grpc_event_engine::experimental::SetEventEngineFactory(NewQuietEngine);
}

}  // namespace toolboxd
