// SPDX-License-Identifier: Apache-2.0

// FunctionRun: one run of a Function, shown as a process.

#ifndef TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_RUN_H_
#define TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_RUN_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/completion_queue.h"
#include "toolboxd/v1/function.grpc.pb.h"
#include "transportd/files/message_allowance.h"
#include "transportd/functions/function_loop.h"
#include "transportd/functions/function_spool.h"

namespace toolboxd {

// transportd/sessions/session_pool.h; null for an extension's function, which has a connection of
// its own.
struct UserSession;

// Its streams move on the thread of a FunctionLoop, and their bytes are in a FunctionSpool.
// Thread-safe: the channel's thread calls it, and the loop's thread is in it. No function waits for
// the function's service unless its comment says so.
class FunctionRun {
 public:
  // Begins the run. `pin` is held until the run has ended: what must stay open meanwhile. The loop
  // must outlive the run, and holds it until it has ended.
  static std::shared_ptr<FunctionRun> Start(FunctionLoop& loop, std::shared_ptr<SpoolBudget> budget,
                                            const std::shared_ptr<grpc::Channel>& channel,
                                            v1::StartFunction start,
                                            std::shared_ptr<const UserSession> pin);

  // Takes input, which is kept until the function reads it. If the limit of a stream is reached,
  // waits until the function reads some; BUSY at the deadline. NO_SPACE beyond the budget;
  // NOT_FOUND after the end of the input. Input for a run that has ended is discarded.
  absl::Status WriteStdin(absl::string_view data, absl::Time deadline);
  // Whether WriteStdin() would return for `size` bytes without waiting.
  bool TakesInput(size_t size) const;
  void CloseStdin();

  // Cancels the function; the run has ended once its stream has.
  void Terminate();
  // The same, with a text on its standard error if that is empty.
  void EndWith(absl::string_view why);
  // The same if its input is still open and nothing has come or
  // gone for `patience`: the writer of its input is taken to be gone.
  void EndIfAbandoned(absl::Duration patience);

  // Waits for the end.
  bool WaitForEnd(absl::Time deadline) const;
  bool ended() const;
  int exit_code() const;
  absl::Time end_time() const;
  // The time since it ended; zero while it runs.
  absl::Duration SinceEnd() const;

  // Standard output and standard error: see FunctionSpool.
  absl::StatusOr<std::string> Output(StandardStream stream, uint64_t offset, size_t size) {
    return spool_.Read(stream, offset, size);
  }
  absl::StatusOr<uint64_t> OutputSize(StandardStream stream) const { return spool_.Size(stream); }

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

  FunctionRun(std::shared_ptr<SpoolBudget> budget, const std::string& user,
              std::shared_ptr<const UserSession> pin);

  // Called at the end of a step; `then` is one of the four below.
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
  // Ends the run with `why` on its standard error.
  void Abort(absl::string_view why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const uint64_t input_limit_;
  FunctionSpool spool_;
  Step started_{this, &FunctionRun::Started};
  Step written_{this, &FunctionRun::Written};
  Step received_{this, &FunctionRun::Received};
  Step finished_{this, &FunctionRun::Finished};

  mutable absl::Mutex mutex_;
  // This object, while steps are under way.
  std::shared_ptr<FunctionRun> self_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<Call> call_ ABSL_GUARDED_BY(mutex_);
  int steps_ ABSL_GUARDED_BY(mutex_) = 0;
  std::shared_ptr<const UserSession> pin_ ABSL_GUARDED_BY(mutex_);
  // Bytes of input that came, and how many of them have been sent to the function.
  uint64_t input_size_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t input_sent_ ABSL_GUARDED_BY(mutex_) = 0;
  bool input_closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool close_sent_ ABSL_GUARDED_BY(mutex_) = false;
  // `start` is on its way, or a piece of input.
  bool writing_ ABSL_GUARDED_BY(mutex_) = true;
  // Why Abort() ended the run.
  std::string failure_ ABSL_GUARDED_BY(mutex_);
  // Nothing more will be received.
  bool exited_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  int exit_code_ ABSL_GUARDED_BY(mutex_) = 0;
  // Wall-clock time; the other times are SteadyNow()'s.
  absl::Time end_time_ ABSL_GUARDED_BY(mutex_);
  absl::Time ended_at_ ABSL_GUARDED_BY(mutex_);
  // For the replies.
  files::MessageAllowance allowance_ ABSL_GUARDED_BY(mutex_);
  // When bytes last came or went.
  absl::Time moved_at_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_RUN_H_
