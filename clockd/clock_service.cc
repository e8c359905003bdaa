// SPDX-License-Identifier: Apache-2.0

#include "clockd/clock_service.h"

#include <utility>

#include "absl/status/status.h"
#include "base/log.h"
#include "base/steady_time.h"
#include "daemon/grpc_status.h"

namespace toolboxd::clockd {

grpc::Status ClockService::Step(grpc::ServerContext*, const v1::StepRequest* request,
                                v1::StepReply*) {
  absl::MutexLock lock(&mutex_);
  const absl::Status status = discipline_->Step(*request, SteadyNow());
  if (!status.ok()) LogLimited("step", "the clock was not set: ", status.message());
  return ToGrpc(status);
}

grpc::Status ClockService::Slew(grpc::ServerContext*,
                                grpc::ServerReaderWriter<v1::SlewReply, v1::SlewRequest>* stream) {
  {
    const auto free = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !slewing_; };
    absl::MutexLock lock(&mutex_);
    if (!mutex_.AwaitWithTimeout(absl::Condition(&free), kPatience)) {
      return ToGrpc(absl::FailedPreconditionError("another Slew runs"));
    }
    slewing_ = true;
  }
  v1::SlewRequest request;
  absl::Status status;
  while (status.ok() && stream->Read(&request)) {
    {
      absl::MutexLock lock(&mutex_);
      status = discipline_->SetRate(request);
    }
    if (status.ok()) stream->Write(v1::SlewReply());
  }
  absl::MutexLock lock(&mutex_);
  discipline_->Restore();
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
