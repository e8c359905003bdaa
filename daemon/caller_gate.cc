// SPDX-License-Identifier: Apache-2.0

#include "daemon/caller_gate.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace toolboxd {
namespace {

// Settings, their confirmation, PINGs: one each time on the average, and so many at once.
constexpr absl::Duration kPerOther = absl::Milliseconds(100);
constexpr int kOthersAtOnce = 50;

}  // namespace

absl::Status CallerGate::FromCaller(absl::string_view part, absl::Time now) {
  while (const auto frame = from_caller_.Next(part)) {
    absl::Status status;
    if (frame->type == Frame::kHeaders && frame->stream > last_stream_) {
      status = Begin(frame->stream, now);
    } else if (frame->type == Frame::kReset) {
      if (open_.erase(frame->stream) > 0) Reset(now);
    } else if (frame->type != Frame::kData && frame->type != Frame::kWindowUpdate) {
      status = CountOther(now);
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

void CallerGate::FromServer(absl::string_view part, absl::Time now) {
  while (const auto frame = from_server_.Next(part)) {
    const bool is_last = (frame->type == Frame::kHeaders || frame->type == Frame::kData) &&
                         (frame->flags & Frame::kEndStream) != 0;
    if (is_last) {
      if (open_.erase(frame->stream) > 0) ended_ = frame->stream;
    } else if (frame->type == Frame::kReset) {
      if (open_.erase(frame->stream) > 0 || frame->stream == ended_) Reset(now);
      ended_ = 0;
    }
  }
}

void CallerGate::Reset(absl::Time now) {
  reset_.push_back(now + kAfterReset);
  ++resets_;
}

void CallerGate::End(absl::Time now) {
  for (size_t i = 0; i < open_.size(); ++i) reset_.push_back(now + kAfterReset);
  open_.clear();
}

size_t CallerGate::Calls(absl::Time now) {
  while (!reset_.empty() && reset_.front() <= now) reset_.pop_front();
  return open_.size() + reset_.size();
}

absl::Status CallerGate::Begin(uint32_t stream, absl::Time now) {
  if (Calls(now) >= max_calls_) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more than ", max_calls_, " calls at a time, with those of the last ",
                     absl::FormatDuration(kAfterReset), " that were given up"));
  }
  if (!share_(now)) {
    return absl::ResourceExhaustedError(
        "its user has too many calls at a time, of all connections");
  }
  last_stream_ = stream;
  open_.insert(stream);
  return absl::OkStatus();
}

absl::Status CallerGate::CountOther(absl::Time now) {
  others_until_ = std::max(others_until_, now) + kPerOther;
  if (others_until_ <= now + kOthersAtOnce * kPerOther) return absl::OkStatus();
  return absl::ResourceExhaustedError("too many frames that belong to no call, such as PINGs");
}

}  // namespace toolboxd
