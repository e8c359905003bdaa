// SPDX-License-Identifier: Apache-2.0

// CallThreads: calls to a service that the channel's thread does not wait for, each on a thread of
// its own.

#ifndef TOOLBOXD_TRANSPORTD_CALL_THREADS_H_
#define TOOLBOXD_TRANSPORTD_CALL_THREADS_H_

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

namespace toolboxd {

// A call is two functions: one that runs on its thread, and one that cancels it. What both hold,
// such as a connection, is freed on the call's thread when the call returns, so that a daemon that
// exits without connections can exit. Not thread-safe: used by one thread, the channel's.
class CallThreads {
 public:
  // The limit for calls that have not ended, including those that are not awaited any more.
  static constexpr size_t kMaxCalls = 8;

  // `service` is named in errors.
  explicit CallThreads(std::string service) : service_(std::move(service)) {}
  ~CallThreads() { Stop(); }
  CallThreads(const CallThreads&) = delete;
  CallThreads& operator=(const CallThreads&) = delete;

  // Runs `call` on a thread of its own. `cancel` makes it return soon; Stop() calls it, on its own
  // thread, unless the call has returned. UNAVAILABLE if kMaxCalls have not ended, or if the system
  // cannot create a thread; `call` and `cancel` are not called then.
  absl::Status Start(std::function<void()> call, std::function<void()> cancel);

  // Joins the threads of calls that have returned. Start() does it, too.
  void JoinEnded();

  // Cancels the calls that have not ended, and waits for their threads.
  void Stop();

  // Calls whose threads are not joined.
  size_t size() const { return workers_.size(); }

 private:
  struct Worker {
    absl::Mutex mutex;
    // Empty once the call has returned.
    std::function<void()> cancel ABSL_GUARDED_BY(mutex);
    // The thread is about to return.
    bool ended ABSL_GUARDED_BY(mutex) = false;
    std::thread thread;
  };

  static void Run(std::function<void()> call, Worker& worker);
  static bool HasEnded(Worker& worker);

  const std::string service_;
  std::list<Worker> workers_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_CALL_THREADS_H_
