// SPDX-License-Identifier: Apache-2.0

// FunctionLoop: the one thread on which the streams of all functions move.

#ifndef TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_LOOP_H_
#define TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_LOOP_H_

#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/completion_queue.h"

namespace toolboxd {

// A step of a stream that is under way; its address is the tag that gRPC returns.
class FunctionStep {
 public:
  virtual ~FunctionStep() = default;
  // Called on the loop's thread. `ok`: whether the step succeeded.
  virtual void Done(bool ok) = 0;
};

// Its thread sleeps until a step ends: a loop costs one thread, independent of the number of runs.
class FunctionLoop {
 public:
  // BUSY if the system cannot create a thread.
  static absl::StatusOr<std::unique_ptr<FunctionLoop>> Start();
  // Waits for the steps under way. No new step may begin.
  ~FunctionLoop();

  // Between the two, no step is handled, so that no stream is written to a disk: what comes waits
  // in its connection. Hold() waits for the step under way. Thread-safe.
  void Hold() { SetHeld(true); }
  void Release() { SetHeld(false); }

  // Every tag in it must be a FunctionStep.
  grpc::CompletionQueue* queue() { return &queue_; }

 private:
  FunctionLoop() = default;
  void Run();
  void SetHeld(bool held);

  // Held during a step.
  absl::Mutex mutex_;
  bool moves_ ABSL_GUARDED_BY(mutex_) = true;
  grpc::CompletionQueue queue_;
  std::thread thread_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_LOOP_H_
