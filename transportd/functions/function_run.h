// FunctionRun: one run of a Function, as if it were a process.

#ifndef TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_RUN_H_
#define TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_RUN_H_

#include <deque>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "toolboxd/v1/function.grpc.pb.h"

namespace toolboxd {

// Limits of one run, in bytes.
struct FunctionLimits {
  // Of each output; a function that says more is ended.
  size_t output = 32 << 20;
  // Input that the function has not taken yet; a writer waits beyond that.
  size_t input = 1 << 20;
};

// Two threads move its streams while it runs. All functions may be called from any thread.
class FunctionRun {
 public:
  // `pin` is kept until the run has ended: what must stay open meanwhile.
  FunctionRun(std::shared_ptr<grpc::Channel> channel, v1::StartFunction start,
              FunctionLimits limits, std::shared_ptr<void> pin);
  // Ends the run.
  ~FunctionRun();

  // Takes input. BUSY where the function takes none until the deadline; NOT_FOUND after
  // the end of the input. Once the run has ended input is dropped.
  absl::Status WriteStdin(absl::string_view data, absl::Time deadline);
  void CloseStdin();

  // Asks the function to end; it counts as ended once its stream has.
  void Terminate();

  // Waits for the end.
  bool WaitForEnd(absl::Time deadline) const;
  bool ended() const;
  int exit_code() const;
  absl::Time end_time() const;

  // Bytes of an output from an offset, at most `size`.
  std::string Output(bool standard_error, uint64_t offset, size_t size) const;
  size_t OutputSize(bool standard_error) const;

 private:
  using Stream = grpc::ClientReaderWriter<v1::RunRequest, v1::RunReply>;

  void Receive();
  void Send(v1::StartFunction start);
  // Waits for something to send; false at the end of the run.
  bool NextInput(v1::RunRequest& request);
  void Keep(const v1::RunReply& reply);
  void End(const absl::Status& status);

  const FunctionLimits limits_;
  grpc::ClientContext context_;
  std::unique_ptr<v1::Function::Stub> stub_;
  std::unique_ptr<Stream> stream_;

  mutable absl::Mutex mutex_;
  std::shared_ptr<void> pin_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> input_ ABSL_GUARDED_BY(mutex_);
  size_t input_size_ ABSL_GUARDED_BY(mutex_) = 0;
  bool input_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool close_sent_ ABSL_GUARDED_BY(mutex_) = false;
  // Standard output and standard error.
  std::string outputs_[2] ABSL_GUARDED_BY(mutex_);
  bool overflow_ ABSL_GUARDED_BY(mutex_) = false;
  // Nothing more will be received.
  bool exited_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  int exit_code_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time end_time_ ABSL_GUARDED_BY(mutex_);

  std::thread receiver_;
  std::thread sender_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_RUN_H_
