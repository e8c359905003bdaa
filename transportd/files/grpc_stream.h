// SPDX-License-Identifier: Apache-2.0

// StreamDriver: one gRPC stream, driven by the thread that uses it.

#ifndef TOOLBOXD_TRANSPORTD_FILES_GRPC_STREAM_H_
#define TOOLBOXD_TRANSPORTD_FILES_GRPC_STREAM_H_

#include <cstdint>

#include "absl/time/time.h"
#include "grpcpp/client_context.h"
#include "grpcpp/completion_queue.h"

namespace toolboxd::files {

// The steps of a stream; each is also the tag with which gRPC reports its end.
enum class Step : uintptr_t { kStart = 1, kMetadata, kRead, kWrite, kWritesDone, kFinish };

inline void* Tag(Step step) { return reinterpret_cast<void*>(static_cast<uintptr_t>(step)); }

// Owns the call's context and completion queue. The stream's owner begins a step, with the tag of
// Begin(), and waits for it here. Not thread-safe.
//
// gRPC's reader or writer object lives in the call's memory, and writes to its owner's
// buffers until the queue is empty. So the owner declares its buffers, then the driver,
// then the reader or writer, and calls Stop() first in its destructor.
class StreamDriver {
 public:
  StreamDriver() = default;
  ~StreamDriver() { Stop(); }
  StreamDriver(const StreamDriver&) = delete;
  StreamDriver& operator=(const StreamDriver&) = delete;

  // Cancels the call and waits for the steps under way, which gRPC then ends at once.
  void Stop();

  grpc::ClientContext& context() { return context_; }
  grpc::CompletionQueue* queue() { return &queue_; }

  // The tag of a step that the caller is about to begin.
  void* Begin(Step step);
  bool IsDone(Step step) const { return (done_ & Bit(step)) != 0; }
  // Whether it is done and succeeded.
  bool IsGood(Step step) const { return (good_ & Bit(step)) != 0; }

  // Waits until the step is done; `ok` is whether it succeeded. False at the deadline, when the
  // call is cancelled. Times are SteadyNow()'s, here and in Poll().
  bool Wait(Step step, absl::Time deadline, bool& ok);
  // Takes in the steps that end until this step is done or `until`, which is not a failure; without
  // arguments those that have ended already.
  void Poll(Step step = Step::kFinish, absl::Time until = absl::InfinitePast());

 private:
  static uint32_t Bit(Step step) { return 1u << static_cast<uintptr_t>(step); }
  void Take(void* tag, bool ok);

  grpc::ClientContext context_;
  grpc::CompletionQueue queue_;
  // Sets of steps, as Bit(): under way, done, and done with success.
  uint32_t pending_ = 0;
  uint32_t done_ = 0;
  uint32_t good_ = 0;
  bool stopped_ = false;
};

}  // namespace toolboxd::files

#endif  // TOOLBOXD_TRANSPORTD_FILES_GRPC_STREAM_H_
