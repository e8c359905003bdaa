// SPDX-License-Identifier: Apache-2.0

// TraceHub: passes events to those who trace, and costs nothing while none does.

#ifndef TOOLBOXD_TRANSPORTD_TRACE_TRACE_HUB_H_
#define TOOLBOXD_TRANSPORTD_TRACE_TRACE_HUB_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd::trace {

// Thread-safe. No thread waits for a listener: events beyond its limit are counted and left out.
class TraceHub {
 public:
  static constexpr size_t kMaxListeners = 4;
  // Events that a listener has not taken.
  static constexpr size_t kMaxWaiting = 1000;

  // Whether Publish() has a use.
  bool listening() const { return listeners_count_.load(std::memory_order_relaxed) > 0; }

  // `event` has ended now and taken `time`.
  void Publish(v1::TraceEvent event, absl::Duration time);

  // Ends all listeners, and later ones at once.
  void Close();

  class Listener {
   public:
    // Null if kMaxListeners listen.
    static std::unique_ptr<Listener> Create(TraceHub& hub);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    // The next event, as soon as there is one. No value after Close(), and when `cancelled` says
    // so, which is asked every second.
    std::optional<v1::TraceEvent> Next(const std::function<bool()>& cancelled);

   private:
    friend class TraceHub;

    explicit Listener(TraceHub& hub) : hub_(hub) {}

    TraceHub& hub_;
    // Guarded by the hub's mutex.
    std::deque<v1::TraceEvent> waiting_;
    uint64_t missed_ = 0;
  };

 private:
  absl::Mutex mutex_;
  absl::CondVar changed_;
  std::list<Listener*> listeners_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  // The size of `listeners_`.
  std::atomic<size_t> listeners_count_{0};
};

}  // namespace toolboxd::trace

#endif  // TOOLBOXD_TRANSPORTD_TRACE_TRACE_HUB_H_
