// SPDX-License-Identifier: Apache-2.0

#include "transportd/trace/trace_hub.h"

#include <utility>

#include "absl/time/clock.h"

namespace toolboxd::trace {
namespace {

constexpr absl::Duration kCancelCheck = absl::Seconds(1);

}  // namespace

void TraceHub::Publish(v1::TraceEvent event, absl::Duration time) {
  event.set_time_us(absl::ToUnixMicros(absl::Now() - time));
  event.set_duration_us(absl::ToInt64Microseconds(time));
  absl::MutexLock lock(&mutex_);
  for (Listener* listener : listeners_) {
    if (listener->waiting_.size() >= kMaxWaiting) {
      ++listener->missed_;
      continue;
    }
    event.set_missed(std::exchange(listener->missed_, 0));
    listener->waiting_.push_back(event);
  }
  changed_.SignalAll();
}

void TraceHub::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  changed_.SignalAll();
}

std::unique_ptr<TraceHub::Listener> TraceHub::Listener::Create(TraceHub& hub) {
  absl::MutexLock lock(&hub.mutex_);
  if (hub.listeners_.size() >= kMaxListeners) return nullptr;
  std::unique_ptr<Listener> listener(new Listener(hub));
  hub.listeners_.push_back(listener.get());
  hub.listeners_count_ = hub.listeners_.size();
  return listener;
}

TraceHub::Listener::~Listener() {
  absl::MutexLock lock(&hub_.mutex_);
  hub_.listeners_.remove(this);
  hub_.listeners_count_ = hub_.listeners_.size();
}

std::optional<v1::TraceEvent> TraceHub::Listener::Next(const std::function<bool()>& cancelled) {
  absl::MutexLock lock(&hub_.mutex_);
  while (waiting_.empty()) {
    if (hub_.closed_ || cancelled()) return std::nullopt;
    hub_.changed_.WaitWithTimeout(&hub_.mutex_, kCancelCheck);
  }
  v1::TraceEvent event = std::move(waiting_.front());
  waiting_.pop_front();
  return event;
}

}  // namespace toolboxd::trace
