// SPDX-License-Identifier: Apache-2.0

#include "transportd/files/grpc_stream.h"

#include <algorithm>

#include "base/shared_deadline.h"

namespace toolboxd::files {

void StreamDriver::Stop() {
  if (stopped_) return;
  stopped_ = true;
  context_.TryCancel();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

void* StreamDriver::Begin(Step step) {
  pending_ |= Bit(step);
  done_ &= ~Bit(step);
  good_ &= ~Bit(step);
  return Tag(step);
}

void StreamDriver::Take(void* tag, bool ok) {
  const uint32_t bit = Bit(static_cast<Step>(reinterpret_cast<uintptr_t>(tag)));
  pending_ &= ~bit;
  done_ |= bit;
  if (ok) good_ |= bit;
}

bool StreamDriver::Wait(Step step, absl::Time deadline, bool& ok) {
  while (!IsDone(step)) {
    void* tag = nullptr;
    bool good = false;
    const auto status = queue_.AsyncNext(&tag, &good, absl::ToChronoTime(ToWallClock(deadline)));
    if (status != grpc::CompletionQueue::GOT_EVENT) {
      context_.TryCancel();
      return false;
    }
    Take(tag, good);
  }
  ok = (good_ & Bit(step)) != 0;
  return true;
}

void StreamDriver::Poll(Step step, absl::Time until) {
  void* tag = nullptr;
  bool ok = false;
  // Not before 1970, which gRPC takes for "never".
  const auto deadline = absl::ToChronoTime(std::max(ToWallClock(until), absl::UnixEpoch()));
  while (!IsDone(step) &&
         queue_.AsyncNext(&tag, &ok, deadline) == grpc::CompletionQueue::GOT_EVENT) {
    Take(tag, ok);
  }
}

}  // namespace toolboxd::files
