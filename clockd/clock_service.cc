// SPDX-License-Identifier: Apache-2.0

#include "clockd/clock_service.h"

#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "base/log.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "daemon/grpc_status.h"

namespace toolboxd::clockd {
namespace {

// Between two looks at how long a rate may last; only while there is one.
constexpr absl::Duration kLookAgain = absl::Seconds(1);

}  // namespace

grpc::Status ClockService::Step(grpc::ServerContext*, const v1::StepRequest* request,
                                v1::StepReply*) {
  absl::MutexLock lock(&mutex_);
  const absl::Status status = discipline_->Step(*request, SteadyNow());
  if (!status.ok()) LogLimited("step", "the clock was not set: ", status.message());
  return ToGrpc(status);
}

bool ClockService::TakeRate() {
  const auto free = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !slewing_; };
  absl::MutexLock lock(&mutex_);
  if (!mutex_.AwaitWithTimeout(absl::Condition(&free), kPatience)) return false;
  slewing_ = true;
  return true;
}

absl::Status ClockService::SetRate(const v1::SlewRequest& request) {
  if (request.lasts_seconds() == 0) return MakeError(v1::INVALID_ARGUMENT, "a rate for no time");
  absl::MutexLock lock(&mutex_);
  const absl::Status status = discipline_->SetRate(request);
  if (status.ok()) rate_until_ = SteadyNow() + absl::Seconds(request.lasts_seconds());
  return status;
}

void ClockService::Watch(const StopSignal& stop) {
  while (!stop.WaitFor(kLookAgain)) {
    absl::MutexLock lock(&mutex_);
    if (SteadyNow() < rate_until_) continue;
    LogWarning("the clock gets its own rate back: its caller has not said how to go on");
    discipline_->Restore();
    rate_until_ = absl::InfiniteFuture();
  }
}

grpc::Status ClockService::Slew(grpc::ServerContext*,
                                grpc::ServerReaderWriter<v1::SlewReply, v1::SlewRequest>* stream) {
  if (!TakeRate()) return ToGrpc(absl::FailedPreconditionError("another Slew runs"));
  StopSignal stop;
  std::thread watch([this, &stop] { Watch(stop); });
  v1::SlewRequest request;
  absl::Status status;
  while (status.ok() && stream->Read(&request)) {
    status = SetRate(request);
    if (status.ok()) stream->Write(v1::SlewReply());
  }
  stop.Set();
  watch.join();
  absl::MutexLock lock(&mutex_);
  discipline_->Restore();
  rate_until_ = absl::InfiniteFuture();
  slewing_ = false;
  return ToGrpc(status);
}

grpc::Status ClockService::GetClockStatus(grpc::ServerContext*, const v1::GetClockStatusRequest*,
                                          v1::ClockStatus* reply) {
  absl::MutexLock lock(&mutex_);
  absl::StatusOr<v1::ClockStatus> status = discipline_->Status();
  if (!status.ok()) return ToGrpc(status.status());
  *reply = *std::move(status);
  return grpc::Status::OK;
}

}  // namespace toolboxd::clockd
