// FunctionRun: one run of a Function, as if it were a process.

#ifndef TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_RUN_H_
#define TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_RUN_H_

#include <deque>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/completion_queue.h"
#include "toolboxd/v1/function.grpc.pb.h"
#include "transportd/functions/function_loop.h"

namespace toolboxd {

// Limits of one run, in bytes.
struct FunctionLimits {
  // Of each output; a function that says more is ended.
  size_t output = 32 << 20;
  // Input that the function has not taken yet; a writer waits beyond that.
  size_t input = 1 << 20;
};

// Its streams move on the thread of a FunctionLoop. All functions may be called from any thread,
// and none waits for the function's service unless it says so.
class FunctionRun {
 public:
  // Begins the run. `pin` is kept until the run has ended: what must stay open meanwhile. The
  // loop must outlive the run, and keeps it until it has ended.
  static std::shared_ptr<FunctionRun> Start(FunctionLoop& loop,
                                            const std::shared_ptr<grpc::Channel>& channel,
                                            v1::StartFunction start, FunctionLimits limits,
                                            std::shared_ptr<void> pin);

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
  using Stream = grpc::ClientAsyncReaderWriter<v1::RunRequest, v1::RunReply>;

  class Step final : public FunctionStep {
   public:
    Step(FunctionRun* run, void (FunctionRun::*then)(bool ok)) : run_(run), then_(then) {}
    void Done(bool ok) override { run_->Done(then_, ok); }

   private:
    FunctionRun* const run_;
    void (FunctionRun::*const then_)(bool ok);
  };

  // What gRPC needs while the run lasts. The stream lives in the context's memory and writes to
  // the rest, so it comes last.
  struct Call {
    grpc::ClientContext context;
    v1::StartFunction start;
    v1::RunReply reply;
    grpc::Status status;
    std::unique_ptr<Stream> stream;
  };

  FunctionRun(FunctionLimits limits, std::shared_ptr<void> pin);

  // The end of a step; `then` is one of the four below.
  void Done(void (FunctionRun::*then)(bool ok), bool ok);
  void Started(bool ok) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Written(bool ok) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Received(bool ok) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Finished(bool ok) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  void* Begin(Step& step) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Write(const v1::RunRequest& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Finish() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Sends the next piece of input if there is one and nothing is on its way.
  void SendInput() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Keep(const v1::RunReply& reply) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const FunctionLimits limits_;
  Step started_{this, &FunctionRun::Started};
  Step written_{this, &FunctionRun::Written};
  Step received_{this, &FunctionRun::Received};
  Step finished_{this, &FunctionRun::Finished};

  mutable absl::Mutex mutex_;
  // This, while steps are under way.
  std::shared_ptr<FunctionRun> self_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Call> call_ ABSL_GUARDED_BY(mutex_);
  int steps_ ABSL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<void> pin_ ABSL_GUARDED_BY(mutex_);
  std::deque<std::string> input_ ABSL_GUARDED_BY(mutex_);
  size_t input_size_ ABSL_GUARDED_BY(mutex_) = 0;
  bool input_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool close_sent_ ABSL_GUARDED_BY(mutex_) = false;
  // `start` is on its way, or a piece of input.
  bool writing_ ABSL_GUARDED_BY(mutex_) = true;
  // Standard output and standard error.
  std::string outputs_[2] ABSL_GUARDED_BY(mutex_);
  // Why the run was ended from here.
  std::string failure_ ABSL_GUARDED_BY(mutex_);
  // Nothing more will be received.
  bool exited_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  int exit_code_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Time end_time_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_RUN_H_
