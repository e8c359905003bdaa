// SPDX-License-Identifier: Apache-2.0

#include "transportd/snapshot/event_sender.h"

#include "absl/strings/escaping.h"
#include "base/log.h"

namespace toolboxd::snapshot {
namespace {

bool ReportsTheEnd(const Event& event) {
  return event.name == kErrorEvent || event.name == kAbortedEvent || event.name == kDoneEvent;
}

}  // namespace

bool EventSender::Begin() {
  absl::MutexLock lock(&mutex_);
  open_ = true;
  refused_ = false;
  unsent_.clear();
  return SendNow({kResetEvent, EventCode::kSuccess, ""});
}

bool EventSender::Send(const Event& event) {
  absl::MutexLock lock(&mutex_);
  return open_ && SendNow(event);
}

void EventSender::End() {
  absl::MutexLock lock(&mutex_);
  if (!open_) return;
  SendNow({kDoneEvent, EventCode::kSuccess, ""});
  open_ = false;
  ended_at_ = clock_();
}

void EventSender::Resume() {
  absl::MutexLock lock(&mutex_);
  if (!open_ && clock_() - ended_at_ > kResendTime) unsent_.clear();
  SendUnsent();
}

bool EventSender::keep_alive_refused() const {
  absl::MutexLock lock(&mutex_);
  return refused_;
}

bool EventSender::SendNow(const Event& event) {
  const Outcome outcome = SendUnsent() ? Transmit(event) : Outcome::kLost;
  const uint64_t number = ++events_;
  run_at_(clock_() + kInterval, [this, number] { KeepAlive(number); });
  if (outcome == Outcome::kLost && ReportsTheEnd(event)) unsent_.push_back(event);
  return outcome == Outcome::kAccepted;
}

bool EventSender::SendUnsent() {
  while (!unsent_.empty()) {
    if (Transmit(unsent_.front()) == Outcome::kLost) return false;
    unsent_.pop_front();
  }
  return true;
}

EventSender::Outcome EventSender::Transmit(const Event& event) {
  const absl::StatusOr<RpciReply> reply = send_(Encode(event));
  if (reply.ok() && reply->success) return Outcome::kAccepted;
  LogWarning("the host did not take the event ", event.name, " of a snapshot: ",
             reply.ok() ? absl::CHexEscape(reply->data) : std::string(reply.status().message()));
  // A second req.done does no harm; a host that waits for one does.
  const bool lost = absl::IsUnavailable(reply.status()) || absl::IsAborted(reply.status());
  return lost ? Outcome::kLost : Outcome::kRefused;
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
