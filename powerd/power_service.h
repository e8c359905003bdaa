// SPDX-License-Identifier: Apache-2.0

// toolboxd.v1.Power.

#ifndef TOOLBOXD_POWERD_POWER_SERVICE_H_
#define TOOLBOXD_POWERD_POWER_SERVICE_H_

#include <atomic>

#include "absl/time/time.h"
#include "daemon/stop_signal.h"
#include "powerd/power_backend.h"
#include "toolboxd/v1/power.grpc.pb.h"

namespace toolboxd {

// Takes one event at a time from its hooks to its end, on the thread of its call. transportd
// reports it to the host (docs/protocol/power.md 7.2). Thread-safe.
class PowerService final : public v1::Power::Service {
 public:
  // How long after its hooks an event waits before it goes on without its caller.
  static constexpr absl::Duration kProceedAlone = absl::Seconds(2);

  // The back end must outlive the service.
  explicit PowerService(PowerBackend* backend, absl::Duration proceed_alone = kProceedAlone)
      : backend_(backend), proceed_alone_(proceed_alone) {}

  grpc::Status ChangeState(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::ChangeStateUpdate, v1::ChangeStateRequest>* stream) override;

  // Whether an event runs; it may run on without its caller.
  bool busy() const { return running_.load() != v1::POWER_EVENT_UNSPECIFIED; }

  // Ends all waiting, for hooks too, because the process ends.
  void Stop() { stop_.Set(); }

 private:
  using Stream = grpc::ServerReaderWriter<v1::ChangeStateUpdate, v1::ChangeStateRequest>;

  // The steps after begin.
  absl::Status Run(v1::PowerEvent event, bool skip_hooks, Stream* stream);
  // Whether the event may go on after its hooks.
  absl::Status AwaitProceed(v1::PowerEvent event, const absl::Status& hooks, Stream* stream);

  PowerBackend* const backend_;
  const absl::Duration proceed_alone_;
  StopSignal stop_;
  // The event that runs; POWER_EVENT_UNSPECIFIED for none.
  std::atomic<v1::PowerEvent> running_{v1::POWER_EVENT_UNSPECIFIED};
};

}  // namespace toolboxd

#endif  // TOOLBOXD_POWERD_POWER_SERVICE_H_
