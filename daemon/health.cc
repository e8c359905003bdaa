// SPDX-License-Identifier: Apache-2.0

#include "daemon/health.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/steady_time.h"

namespace toolboxd {
namespace {

// After a connection has closed, it takes gRPC a moment to cancel its calls.
constexpr absl::Duration kFastTime = absl::Milliseconds(500);
constexpr absl::Duration kFastCheck = absl::Milliseconds(50);

}  // namespace

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

HealthService::HealthService(int max_watches) : max_watches_(max_watches) { serving_[""] = true; }

void HealthService::SetServing(absl::string_view service, bool serving) {
  absl::MutexLock lock(&mutex_);
  serving_[std::string(service)] = serving;
  changed_.SignalAll();
}

void HealthService::Shutdown() {
  absl::MutexLock lock(&mutex_);
  shut_down_ = true;
  changed_.SignalAll();
}

void HealthService::WakeWatchers() {
  absl::MutexLock lock(&mutex_);
  fast_until_ = SteadyNow() + kFastTime;
  changed_.SignalAll();
}

int HealthService::watches() const {
  absl::MutexLock lock(&mutex_);
  return watches_;
}

HealthService::ServingStatus HealthService::StatusOf(const std::string& service) const {
  const auto found = serving_.find(service);
  if (found == serving_.end()) return HealthCheckResponse::SERVICE_UNKNOWN;
  return found->second && !shut_down_ ? HealthCheckResponse::SERVING
                                      : HealthCheckResponse::NOT_SERVING;
}

grpc::Status HealthService::Check(grpc::ServerContext*, const HealthCheckRequest* request,
                                  HealthCheckResponse* response) {
  absl::MutexLock lock(&mutex_);
  const ServingStatus status = StatusOf(request->service());
  if (status == HealthCheckResponse::SERVICE_UNKNOWN) {
    return grpc::Status(grpc::StatusCode::NOT_FOUND, "this server has no such service");
  }
  response->set_status(status);
  return grpc::Status::OK;
}

grpc::Status HealthService::Watch(grpc::ServerContext* context, const HealthCheckRequest* request,
                                  grpc::ServerWriter<HealthCheckResponse>* writer) {
  absl::ReleasableMutexLock lock(&mutex_);
  if (watches_ == max_watches_) {
    return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                        absl::StrCat("too many Watch streams; at most ", max_watches_));
  }
  ++watches_;
  HealthCheckResponse response;
  ServingStatus sent = HealthCheckResponse::UNKNOWN;
  bool writable = true;
  while (writable && !context->IsCancelled()) {
    const ServingStatus now = StatusOf(request->service());
    if (now != sent) {
      sent = now;
      response.set_status(now);
      // A slow reader must not block the others.
      mutex_.Unlock();
      writable = writer->Write(response);
      mutex_.Lock();
    } else if (shut_down_) {
      break;
    } else {
      changed_.WaitWithTimeout(&mutex_, SteadyNow() < fast_until_ ? kFastCheck : kCancelCheck);
    }
  }
  --watches_;
  lock.Release();
  return grpc::Status::OK;
}

}  // namespace toolboxd
