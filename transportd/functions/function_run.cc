#include "transportd/functions/function_run.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/status.h"

namespace toolboxd {

FunctionRun::FunctionRun(std::shared_ptr<grpc::Channel> channel, v1::StartFunction start,
                         FunctionLimits limits, std::shared_ptr<void> pin)
    : limits_(limits),
      stub_(v1::Function::NewStub(std::move(channel))),
      stream_(stub_->Run(&context_)),
      pin_(std::move(pin)) {
  receiver_ = std::thread([this] { Receive(); });
  sender_ = std::thread([this, start = std::move(start)]() mutable { Send(std::move(start)); });
}

FunctionRun::~FunctionRun() {
  context_.TryCancel();
  receiver_.join();
  sender_.join();
}

void FunctionRun::Receive() {
  v1::RunReply reply;
  while (stream_->Read(&reply)) Keep(reply);
  {
    absl::MutexLock lock(&mutex_);
    input_closed_ = true;
    exited_ = true;
  }
  End(FromGrpc(stream_->Finish()));
}

void FunctionRun::Keep(const v1::RunReply& reply) {
  absl::MutexLock lock(&mutex_);
  if (reply.has_exit()) {
    exit_code_ = reply.exit().code();
    return;
  }
  const int which = reply.part_case() == v1::RunReply::kStderr ? 1 : 0;
  const std::string& data = which == 1 ? reply.stderr() : reply.stdout();
  if (overflow_) return;
  if (outputs_[which].size() + data.size() > limits_.output) {
    overflow_ = true;
    context_.TryCancel();
    return;
  }
  outputs_[which] += data;
}

void FunctionRun::End(const absl::Status& status) {
  // Goes after the lock: it may end a session.
  std::shared_ptr<void> pin;
  absl::MutexLock lock(&mutex_);
  if (!status.ok()) {
    exit_code_ = 1;
    if (outputs_[1].empty()) {
      outputs_[1] = overflow_ ? absl::StrCat("more than ", limits_.output, " bytes of output\n")
                              : absl::StrCat(status.message(), "\n");
    }
  }
  end_time_ = absl::Now();
  ended_ = true;
  pin.swap(pin_);
}

void FunctionRun::Send(v1::StartFunction start) {
  v1::RunRequest request;
  *request.mutable_start() = std::move(start);
  do {
    if (!stream_->Write(request)) return;
  } while (NextInput(request));
}

bool FunctionRun::NextInput(v1::RunRequest& request) {
  absl::MutexLock lock(&mutex_);
  const auto has_work = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return exited_ || !input_.empty() || (input_closed_ && !close_sent_);
  };
  mutex_.Await(absl::Condition(&has_work));
  if (exited_) return false;
  if (!input_.empty()) {
    input_size_ -= input_.front().size();
    request.set_stdin(std::move(input_.front()));
    input_.pop_front();
    return true;
  }
  close_sent_ = true;
  request.mutable_close_stdin();
  return true;
}

absl::Status FunctionRun::WriteStdin(absl::string_view data, absl::Time deadline) {
  absl::MutexLock lock(&mutex_);
  const auto has_room = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return input_closed_ || input_size_ < limits_.input;
  };
  if (!mutex_.AwaitWithDeadline(absl::Condition(&has_room), deadline)) {
    return MakeError(v1::BUSY, "the function does not read its input");
  }
  // Whether a function that fails at once ends before or after its input came is chance;
  // either way its exit code and standard error tell.
  if (exited_) return absl::OkStatus();
  if (input_closed_) return MakeError(v1::NOT_FOUND, "the function takes no more input");
  if (data.empty()) return absl::OkStatus();
  input_.emplace_back(data);
  input_size_ += data.size();
  return absl::OkStatus();
}

void FunctionRun::CloseStdin() {
  absl::MutexLock lock(&mutex_);
  input_closed_ = true;
}

void FunctionRun::Terminate() { context_.TryCancel(); }

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

absl::Time FunctionRun::end_time() const {
  absl::MutexLock lock(&mutex_);
  return end_time_;
}

std::string FunctionRun::Output(bool standard_error, uint64_t offset, size_t size) const {
  absl::MutexLock lock(&mutex_);
  const std::string& output = outputs_[standard_error ? 1 : 0];
  return offset >= output.size() ? std::string() : output.substr(offset, size);
}

size_t FunctionRun::OutputSize(bool standard_error) const {
  absl::MutexLock lock(&mutex_);
  return outputs_[standard_error ? 1 : 0].size();
}

}  // namespace toolboxd
