// SPDX-License-Identifier: Apache-2.0

#include "transportd/snapshot/event_sender.h"

#include "absl/strings/escaping.h"
#include "base/log.h"

namespace toolboxd::snapshot {

bool EventSender::Begin() {
  absl::MutexLock lock(&mutex_);
  open_ = true;
  refused_ = false;
  return SendNow({kResetEvent, EventCode::kSuccess, ""});
}

bool EventSender::Send(const Event& event) {
  absl::MutexLock lock(&mutex_);
  return open_ && SendNow(event);
}

void EventSender::End() {
  absl::MutexLock lock(&mutex_);
  if (open_) SendNow({kDoneEvent, EventCode::kSuccess, ""});
  open_ = false;
}

bool EventSender::keep_alive_refused() const {
  absl::MutexLock lock(&mutex_);
  return refused_;
}

bool EventSender::SendNow(const Event& event) {
  const absl::StatusOr<RpciReply> reply = send_(Encode(event));
  const uint64_t number = ++events_;
  run_at_(clock_() + kInterval, [this, number] { KeepAlive(number); });
  if (reply.ok() && reply->success) return true;
  LogWarning("the host did not take the event ", event.name, " of a snapshot: ",
             reply.ok() ? absl::CHexEscape(reply->data) : std::string(reply.status().message()));
  return false;
}

void EventSender::KeepAlive(uint64_t events) {
  {
    absl::MutexLock lock(&mutex_);
    if (!open_ || events != events_) return;
    if (SendNow({kKeepAliveEvent, EventCode::kSuccess, ""})) return;
    refused_ = true;
  }
  keep_alive_refused_();
}

}  // namespace toolboxd::snapshot
