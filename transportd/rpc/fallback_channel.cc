// SPDX-License-Identifier: Apache-2.0

#include "transportd/rpc/fallback_channel.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace toolboxd {

absl::Status FallbackChannel::Open() {
  Close();
  const bool due = vsock_ != nullptr && (backdoor_ == nullptr || clock_() >= next_try_);
  if (due && OpenVsock().ok()) return absl::OkStatus();
  absl::Status status;
  if (backdoor_ != nullptr) {
    status = backdoor_->Open();
    if (status.ok()) {
      Use(backdoor_);
      return status;
    }
    // No other way is left.
    if (vsock_ != nullptr && !due && OpenVsock().ok()) return absl::OkStatus();
  }
  if (vsock_ == nullptr) return status;
  return absl::UnavailableError(absl::StrCat(status.message(), status.ok() ? "" : "; ", reason_));
}

absl::Status FallbackChannel::OpenVsock() {
  absl::Status status = vsock_->Open();
  if (status.ok()) {
    Use(vsock_);
  } else {
    VsockFailed(status);
  }
  return status;
}

void FallbackChannel::Use(Channel* carrier) {
  current_ = carrier;
  opened_at_ = clock_();
  last_command_ = absl::InfinitePast();
  if (carrier == vsock_) reason_.clear();
}

void FallbackChannel::Close() {
  current_ = nullptr;
  // Also a connection that the host has not decided on.
  if (vsock_ != nullptr) vsock_->Close();
  if (backdoor_ != nullptr) backdoor_->Close();
}

void FallbackChannel::VsockFailed(const absl::Status& error) {
  reason_ = std::string(error.message());
  delay_ = std::max(delay_, kFirstDelay);
  next_try_ = clock_() + delay_;
  delay_ = std::min(delay_ * 2, kLastDelay);
}

void FallbackChannel::VsockBroke(const absl::Status& error) {
  if (clock_() - opened_at_ >= kProven) delay_ = absl::ZeroDuration();
  // As after a move to another host. Not for one that hangs or breaks the protocol.
  if (delay_ == absl::ZeroDuration() && absl::IsUnavailable(error)) {
    reason_ = std::string(error.message());
    delay_ = kFirstDelay;
    next_try_ = clock_();
  } else {
    VsockFailed(error);
  }
}

absl::Status FallbackChannel::Send(absl::string_view message) {
  if (current_ == nullptr) return absl::UnavailableError("the channel is not open");
  if (protocol_ == Protocol::kRpci) ReturnToVsock();
  const absl::Status status = current_->Send(message);
  if (current_ == vsock_ && !status.ok() && !absl::IsInvalidArgument(status)) VsockBroke(status);
  return status;
}

absl::StatusOr<std::string> FallbackChannel::Receive() {
  if (current_ == nullptr) return absl::UnavailableError("the channel is not open");
  absl::StatusOr<std::string> message = current_->Receive();
  if (!message.ok()) {
    if (current_ == vsock_) VsockBroke(message.status());
  } else if (!message->empty()) {
    last_command_ = clock_();
  } else if (protocol_ == Protocol::kTclo) {
    ReturnToVsock();
  }
  return message;
}

// Only where no answer is due: before a request, or after the host had no command.
void FallbackChannel::ReturnToVsock() {
  if (current_ != backdoor_ || vsock_ == nullptr || clock_() < next_try_) return;
  if (protocol_ == Protocol::kTclo && clock_() - last_command_ < kQuiet) return;
  if (!may_change_()) return;
  const absl::StatusOr<bool> opened = vsock_->TryOpen();
  if (!opened.ok()) {
    VsockFailed(opened.status());
  } else if (*opened) {
    // Before the host's first message on the new one is answered: it has one such channel.
    backdoor_->Close();
    Use(vsock_);
    on_change_();
  }
}

void FallbackChannel::ExpectChange() {
  if (current_ != nullptr && current_ == vsock_) return;
  const bool tclo = protocol_ == Protocol::kTclo;
  next_try_ = std::min(next_try_, clock_() + (tclo ? kChangeDelay : absl::ZeroDuration()));
}

Arrival FallbackChannel::arrival() const {
  return current_ != nullptr ? current_->arrival() : Arrival{};
}

std::string FallbackChannel::Describe() const {
  return current_ != nullptr ? current_->Describe() : "";
}

}  // namespace toolboxd
