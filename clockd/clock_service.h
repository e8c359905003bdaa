// SPDX-License-Identifier: Apache-2.0

// toolboxd.v1.Clock.

#ifndef TOOLBOXD_CLOCKD_CLOCK_SERVICE_H_
#define TOOLBOXD_CLOCKD_CLOCK_SERVICE_H_

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "clockd/discipline.h"
#include "daemon/stop_signal.h"
#include "toolboxd/v1/clock.grpc.pb.h"

namespace toolboxd::clockd {

// Thread-safe.
class ClockService final : public v1::Clock::Service {
 public:
  // How long a Slew call waits for one that is ending.
  static constexpr absl::Duration kPatience = absl::Seconds(1);

  // `discipline` must outlive the service, which alone uses it from then on.
  explicit ClockService(Discipline* discipline) : discipline_(discipline) {}

  grpc::Status Step(grpc::ServerContext* context, const v1::StepRequest* request,
                    v1::StepReply* reply) override;
  grpc::Status Slew(grpc::ServerContext* context,
                    grpc::ServerReaderWriter<v1::SlewReply, v1::SlewRequest>* stream) override;
  grpc::Status GetClockStatus(grpc::ServerContext* context,
                              const v1::GetClockStatusRequest* request,
                              v1::ClockStatus* reply) override;

 private:
  // False if another call has the rate and does not end.
  bool TakeRate();
  absl::Status SetRate(const v1::SlewRequest& request);
  // On a thread of its own while a call has the rate: ends a rate that lasts too long.
  void Watch(const StopSignal& stop);

  absl::Mutex mutex_;
  Discipline* const discipline_ ABSL_PT_GUARDED_BY(mutex_);
  bool slewing_ ABSL_GUARDED_BY(mutex_) = false;
  // A time of SteadyNow().
  absl::Time rate_until_ ABSL_GUARDED_BY(mutex_) = absl::InfiniteFuture();
};

}  // namespace toolboxd::clockd

#endif  // TOOLBOXD_CLOCKD_CLOCK_SERVICE_H_
