// SPDX-License-Identifier: Apache-2.0

// grpc.health.v1 with the synchronous API.

#ifndef TOOLBOXD_DAEMON_HEALTH_H_
#define TOOLBOXD_DAEMON_HEALTH_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpc/health/v1/health.grpc.pb.h"

namespace toolboxd {

// The health of this process and its services. Thread-safe.
//
// A Watch stream occupies a thread of the server, and the synchronous API does not notify a
// waiting handler when its caller leaves. So a limited number runs at a time, further ones are
// refused with RESOURCE_EXHAUSTED, and each checks every kCancelCheck, and soon after WakeWatchers,
// whether it was cancelled. Without a Watch nothing wakes up.
class HealthService final : public grpc::health::v1::Health::Service {
 public:
  static constexpr int kMaxWatches = 4;
  static constexpr absl::Duration kCancelCheck = absl::Seconds(10);

  // The process itself (the empty name) is serving from the start.
  explicit HealthService(int max_watches = kMaxWatches);

  // Declares a service, or changes its state.
  void SetServing(absl::string_view service, bool serving);

  // From now on nothing is serving; Watch streams send that and end.
  void Shutdown();

  // Makes the Watch streams check whether they were cancelled. Call it when a connection has
  // closed, or a call was given up.
  void WakeWatchers();

  // Watch streams that run now.
  int watches() const;

  grpc::Status Check(grpc::ServerContext* context,
                     const grpc::health::v1::HealthCheckRequest* request,
                     grpc::health::v1::HealthCheckResponse* response) override;
  grpc::Status Watch(grpc::ServerContext* context,
                     const grpc::health::v1::HealthCheckRequest* request,
                     grpc::ServerWriter<grpc::health::v1::HealthCheckResponse>* writer) override;

 private:
  using ServingStatus = grpc::health::v1::HealthCheckResponse::ServingStatus;

  ServingStatus StatusOf(const std::string& service) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int max_watches_;
  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  std::map<std::string, bool> serving_ ABSL_GUARDED_BY(mutex_);
  bool shut_down_ ABSL_GUARDED_BY(mutex_) = false;
  int watches_ ABSL_GUARDED_BY(mutex_) = 0;
  // Until then, waiting streams check every kFastCheck.
  absl::Time fast_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_HEALTH_H_
