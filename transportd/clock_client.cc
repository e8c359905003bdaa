// SPDX-License-Identifier: Apache-2.0

#include "transportd/clock_client.h"

#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/steady_time.h"
#include "daemon/channel.h"
#include "daemon/grpc_status.h"
#include "toolboxd/v1/clock.grpc.pb.h"

namespace toolboxd {
namespace {

constexpr char kService[] = "clockd";

}  // namespace

// Shared by the channel's thread and the rate's thread.
struct ClockClient::Rate {
  // --- for the channel's thread
  OnSlewEnd on_end;

  absl::Mutex mutex;
  // Holds the connection. Null once the rate's thread, which alone uses it without the mutex, ends.
  std::unique_ptr<grpc::ClientContext> context = std::make_unique<grpc::ClientContext>();
  // The newest request that was not sent. Those before it do not matter.
  std::optional<v1::SlewRequest> next ABSL_GUARDED_BY(mutex);
  bool closed ABSL_GUARDED_BY(mutex) = false;

  void Set(const v1::SlewRequest& request) {
    absl::MutexLock lock(&mutex);
    next = request;
  }

  // Nothing if the rate is to end.
  std::optional<v1::SlewRequest> Next() {
    const auto due = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
      return closed || next.has_value();
    };
    absl::MutexLock lock(&mutex);
    mutex.Await(absl::Condition(&due));
    if (closed) return std::nullopt;
    return std::exchange(next, std::nullopt);
  }

  void Close() {
    absl::MutexLock lock(&mutex);
    closed = true;
    if (context != nullptr) context->TryCancel();
  }

  void Disconnect() {
    absl::MutexLock lock(&mutex);
    context.reset();
  }
};

ClockClient::ClockClient(std::string socket, TaskQueue* queue, StatusBoard* board,
                         ClockLimits limits)
    : socket_(std::move(socket)),
      queue_(*queue),
      board_(*board),
      limits_(limits),
      threads_(kService) {}

absl::Status ClockClient::Step(const v1::StepRequest& request) {
  if (SteadyNow() < paused_until_) {
    return absl::UnavailableError("clockd did not answer a short time ago");
  }
  grpc::ClientContext context;
  SetTimeout(limits_.step, &context);
  v1::StepReply reply;
  const absl::Status status =
      FromGrpc(v1::Clock::NewStub(ConnectUnix(socket_))->Step(&context, request, &reply));
  board_.CountCall(kService, status);
  if (!absl::IsDeadlineExceeded(status)) return status;
  paused_until_ = SteadyNow() + limits_.pause;
  return absl::DeadlineExceededError(
      absl::StrCat("clockd did not answer within ", absl::FormatDuration(limits_.step)));
}

void ClockClient::Slew(const v1::SlewRequest& rate, OnSlewEnd on_end) {
  if (current_ != nullptr) {
    current_->on_end = std::move(on_end);
    return current_->Set(rate);
  }
  current_ = std::make_shared<Rate>();
  current_->on_end = std::move(on_end);
  current_->Set(rate);
  const absl::Status status =
      threads_.Start([this, slew = current_] { Run(slew); }, [slew = current_] { slew->Close(); });
  if (status.ok()) return;
  queue_.Post([this, slew = current_, status] { OnEnd(slew, status); });
}

void ClockClient::Run(const std::shared_ptr<Rate>& rate) {
  const absl::Status status = Serve(*rate);
  rate->Disconnect();
  queue_.Post([this, rate, status] { OnEnd(rate, status); });
}

absl::Status ClockClient::Serve(Rate& rate) const {
  const auto stub = v1::Clock::NewStub(ConnectUnix(socket_));
  const auto stream = stub->Slew(rate.context.get());
  v1::SlewReply reply;
  while (const std::optional<v1::SlewRequest> request = rate.Next()) {
    // A failed write is reported by the read after it.
    stream->Write(*request);
    if (!stream->Read(&reply)) break;
  }
  const absl::Status status = FromGrpc(stream->Finish());
  return status.ok() ? absl::UnavailableError("clockd ended the call") : status;
}

void ClockClient::OnEnd(const std::shared_ptr<Rate>& rate, const absl::Status& status) {
  // Only of a rate that was not ended from here.
  if (rate != current_) return;
  current_.reset();
  board_.CountCall(kService, status);
  rate->on_end(status);
}

void ClockClient::EndSlew() {
  if (current_ == nullptr) return;
  current_->Close();
  current_.reset();
  board_.CountCall(kService, absl::OkStatus());
}

absl::StatusOr<v1::ClockStatus> ClockClient::GetStatus(grpc::ClientContext& context) const {
  SetTimeout(limits_.status, &context);
  v1::ClockStatus reply;
  const absl::Status status =
      FromGrpc(v1::Clock::NewStub(ConnectUnix(socket_))->GetClockStatus(&context, {}, &reply));
  if (!status.ok()) return status;
  return reply;
}

}  // namespace toolboxd
