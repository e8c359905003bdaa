// SPDX-License-Identifier: Apache-2.0

#include "transportd/functions/function_run.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "daemon/grpc_status.h"

namespace toolboxd {
namespace {

// Bytes of input in one message.
constexpr size_t kInputChunk = 32 << 10;

}  // namespace

FunctionRun::FunctionRun(std::shared_ptr<SpoolBudget> budget, const std::string& user,
                         std::shared_ptr<const UserSession> pin)
    : input_limit_(budget->limits().stream),
      spool_(std::move(budget), user),
      call_(std::make_unique<Call>()),
      pin_(std::move(pin)),
      moved_at_(SteadyNow()) {}

std::shared_ptr<FunctionRun> FunctionRun::Start(FunctionLoop& loop,
                                                std::shared_ptr<SpoolBudget> budget,
                                                const std::shared_ptr<grpc::Channel>& channel,
                                                v1::StartFunction start,
                                                std::shared_ptr<const UserSession> pin) {
  std::shared_ptr<FunctionRun> run(
      new FunctionRun(std::move(budget), start.user(), std::move(pin)));
  absl::MutexLock lock(&run->mutex_);
  run->self_ = run;
  run->call_->start = std::move(start);
  run->call_->stream =
      v1::Function::NewStub(channel)->PrepareAsyncRun(&run->call_->context, loop.queue());
  run->call_->stream->StartCall(run->Begin(run->started_));
  return run;
}

void FunctionRun::Done(void (FunctionRun::*then)(bool ok), bool ok) {
  // Destroyed after the lock is released: they may end a session, and this run.
  std::shared_ptr<FunctionRun> self;
  std::unique_ptr<Call> call;
  std::shared_ptr<const UserSession> pin;
  absl::MutexLock lock(&mutex_);
  --steps_;
  (this->*then)(ok);
  if (!ended_) return;
  pin.swap(pin_);
  if (steps_ > 0) return;
  call.swap(call_);
  self.swap(self_);
}

void* FunctionRun::Begin(Step& step) {
  ++steps_;
  return static_cast<FunctionStep*>(&step);
}

void FunctionRun::Started(bool ok) {
  if (!ok) return Finish();
  v1::RunRequest request;
  request.mutable_start()->Swap(&call_->start);
  Write(request);
  Read();
}

void FunctionRun::Written(bool ok) {
  writing_ = !ok;
  SendInput();
}

void FunctionRun::Received(bool ok) {
  if (!ok) return Finish();
  Keep(call_->reply);
  // Not Clear(), which would keep the memory of the largest reply.
  call_->reply = v1::RunReply();
  Read();
}

void FunctionRun::Finished(bool /*ok*/) {
  const absl::Status status = FromGrpc(call_->status);
  if (!status.ok() || !failure_.empty()) {
    exit_code_ = 1;
    const absl::string_view text = failure_.empty() ? status.message() : failure_;
    const absl::StatusOr<uint64_t> said = spool_.Size(StandardStream::kStderr);
    // Short enough to stay in memory, which costs nothing of the budget.
    if (said.ok() && *said == 0) {
      spool_
          .Append(StandardStream::kStderr,
                  absl::StrCat(text.substr(0, SpoolFile::kInMemory - 1), "\n"))
          .IgnoreError();
    }
  }
  spool_.Discard(StandardStream::kStdin, input_size_);
  spool_.Finish();
  end_time_ = absl::Now();
  ended_at_ = SteadyNow();
  ended_ = true;
}

void FunctionRun::Write(const v1::RunRequest& request) {
  writing_ = true;
  call_->stream->Write(request, Begin(written_));
}

void FunctionRun::Read() { call_->stream->Read(&call_->reply, Begin(received_)); }

void FunctionRun::Finish() {
  input_closed_ = true;
  exited_ = true;
  call_->stream->Finish(&call_->status, Begin(finished_));
}

void FunctionRun::SendInput() {
  if (writing_ || exited_) return;
  v1::RunRequest request;
  if (input_sent_ < input_size_) {
    absl::StatusOr<std::string> data =
        spool_.Read(StandardStream::kStdin, input_sent_, kInputChunk);
    if (!data.ok()) return Abort(data.status().message());
    input_sent_ += data->size();
    spool_.Discard(StandardStream::kStdin, input_sent_);
    request.set_stdin(*std::move(data));
  } else if (input_closed_ && !close_sent_) {
    close_sent_ = true;
    request.mutable_close_stdin();
  } else {
    return;
  }
  Write(request);
}

void FunctionRun::Keep(const v1::RunReply& reply) {
  if (!failure_.empty()) return;
  if (reply.has_exit()) exit_code_ = reply.exit().code();
  const bool errors = reply.part_case() == v1::RunReply::kStderr;
  const std::string& data = errors ? reply.stderr() : reply.stdout();
  absl::Status kept = allowance_.Take(data.size());
  if (!data.empty()) moved_at_ = SteadyNow();
  if (kept.ok()) {
    kept = spool_.Append(errors ? StandardStream::kStderr : StandardStream::kStdout, data);
  }
  if (!kept.ok()) Abort(kept.message());
}

void FunctionRun::Abort(absl::string_view why) {
  if (failure_.empty()) failure_ = std::string(why);
  call_->context.TryCancel();
}

absl::Status FunctionRun::WriteStdin(absl::string_view data, absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  const auto has_capacity = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return input_closed_ || input_size_ - input_sent_ + data.size() <= input_limit_;
  };
  if (!mutex_.AwaitWithDeadline(absl::Condition(&has_capacity), deadline)) {
    return MakeError(
        v1::BUSY,
        "the function does not read its input, and the limit of waiting input is reached");
  }
  // A function that fails at once may end before or after its input comes; in both cases its exit
  // code and standard error report it.
  if (exited_) return absl::OkStatus();
  if (input_closed_) return MakeError(v1::NOT_FOUND, "the function's standard input is closed");
  const absl::Status taken = spool_.Append(StandardStream::kStdin, data);
  if (!taken.ok()) return taken;
  input_size_ += data.size();
  moved_at_ = SteadyNow();
  SendInput();
  return absl::OkStatus();
}

bool FunctionRun::TakesInput(size_t size) const {
  absl::MutexLock lock(&mutex_);
  return input_closed_ || input_size_ - input_sent_ + size <= input_limit_;
}

void FunctionRun::CloseStdin() {
  absl::MutexLock lock(&mutex_);
  input_closed_ = true;
  SendInput();
}

void FunctionRun::Terminate() {
  absl::MutexLock lock(&mutex_);
  if (call_ != nullptr) call_->context.TryCancel();
}

void FunctionRun::EndWith(absl::string_view why) {
  absl::MutexLock lock(&mutex_);
  if (call_ != nullptr) Abort(why);
}

void FunctionRun::EndIfAbandoned(absl::Duration patience) {
  absl::MutexLock lock(&mutex_);
  if (input_closed_ || SteadyNow() - moved_at_ < patience) return;
  Abort(
      absl::StrCat("ended by toolboxd: its input was not closed, and no input or output came for ",
                   absl::FormatDuration(patience)));
}

bool FunctionRun::WaitForEnd(absl::Time deadline) const {
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithDeadline(absl::Condition(&ended_), deadline);
}

bool FunctionRun::ended() const {
  absl::MutexLock lock(&mutex_);
  return ended_;
}

int FunctionRun::exit_code() const {
  absl::MutexLock lock(&mutex_);
  return exit_code_;
}

absl::Duration FunctionRun::SinceEnd() const {
  absl::MutexLock lock(&mutex_);
  return ended_ ? SteadyNow() - ended_at_ : absl::ZeroDuration();
}

absl::Time FunctionRun::end_time() const {
  absl::MutexLock lock(&mutex_);
  return end_time_;
}

}  // namespace toolboxd
