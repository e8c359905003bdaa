#include "transportd/hgfs/grpc_stream.h"

#include <chrono>

namespace toolboxd::hgfs {

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
    const auto status = queue_.AsyncNext(&tag, &good, absl::ToChronoTime(deadline));
    if (status != grpc::CompletionQueue::GOT_EVENT) {
      context_.TryCancel();
      return false;
    }
    Take(tag, good);
  }
  ok = (good_ & Bit(step)) != 0;
  return true;
}

void StreamDriver::Poll() {
  void* tag = nullptr;
  bool ok = false;
  // 1970; gRPC takes what is before that for "never".
  while (queue_.AsyncNext(&tag, &ok, std::chrono::system_clock::time_point()) ==
         grpc::CompletionQueue::GOT_EVENT) {
    Take(tag, ok);
  }
}

}  // namespace toolboxd::hgfs
