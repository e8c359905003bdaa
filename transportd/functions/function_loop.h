// SPDX-License-Identifier: Apache-2.0

// FunctionLoop: the one thread on which the streams of all functions move.

#ifndef TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_LOOP_H_
#define TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_LOOP_H_

#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "grpcpp/completion_queue.h"

namespace toolboxd {

// A step of a stream that is under way; its address is the tag that gRPC gives back.
class FunctionStep {
 public:
  virtual ~FunctionStep() = default;
  // On the loop's thread. `ok` is gRPC's word on the step.
  virtual void Done(bool ok) = 0;
};

// Its thread sleeps while no step ends, so a loop costs a thread however many runs it has.
class FunctionLoop {
 public:
  // BUSY where the system has no thread to give.
  static absl::StatusOr<std::unique_ptr<FunctionLoop>> Start();
  // Waits for the steps under way. None may be begun any more.
  ~FunctionLoop();

  // Every tag in it is a FunctionStep.
  grpc::CompletionQueue* queue() { return &queue_; }

 private:
  FunctionLoop() = default;
  void Run();

  grpc::CompletionQueue queue_;
  std::thread thread_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_LOOP_H_
