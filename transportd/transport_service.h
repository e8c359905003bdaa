// SPDX-License-Identifier: Apache-2.0

// TransportService: transportd's control service, for toolboxctl.

#ifndef TOOLBOXD_TRANSPORTD_TRANSPORT_SERVICE_H_
#define TOOLBOXD_TRANSPORTD_TRANSPORT_SERVICE_H_

#include <functional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "toolboxd/v1/clock.pb.h"
#include "toolboxd/v1/transport.grpc.pb.h"
#include "transportd/rpc/rpci.h"
#include "transportd/status_board.h"
#include "transportd/task_queue.h"

namespace toolboxd {

// What GetTimeStatus asks.
struct TimeSources {
  // On the queue's thread.
  std::function<v1::TimeStatus()> sync;
  // On the call's thread; may wait for seconds.
  std::function<absl::StatusOr<v1::ClockStatus>()> clock;
};

// What begins and ends while a caller wants it; called on the queue's thread.
struct Standstill {
  std::function<void()> begin;
  std::function<void()> end;
};

// GetStatus answers at once. Requests to the host run on the channel's thread, between two commands
// of the host. Thread-safe.
class TransportService final : public v1::Transport::Service {
 public:
  // How long one call of StandStill may last.
  static constexpr absl::Duration kMaxStandstill = absl::Minutes(2);

  // The board and the queue must outlive the service. `send` is called on the queue's thread only.
  TransportService(const StatusBoard* board, TaskQueue* queue, RpciSend send, TimeSources time,
                   Standstill standstill);

  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest* request,
                         v1::TransportStatus* response) override;

  // INVALID_ARGUMENT for an empty or too long request; UNAVAILABLE without a channel;
  // DEADLINE_EXCEEDED if the channel's thread did not answer within ten seconds.
  grpc::Status SendRpci(grpc::ServerContext* context, const v1::SendRpciRequest* request,
                        v1::SendRpciReply* response) override;

  // DEADLINE_EXCEEDED as above. A clockd that does not answer is in the response.
  grpc::Status GetTimeStatus(grpc::ServerContext* context, const v1::GetTimeStatusRequest* request,
                             v1::TimeStatus* response) override;

  // Each begin has its end, whatever becomes of the caller. DEADLINE_EXCEEDED if the channel's
  // thread does not come to it within ten seconds.
  grpc::Status StandStill(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::StandStillReply, v1::StandStillRequest>* stream) override;

 private:
  const StatusBoard& board_;
  TaskQueue& queue_;
  const RpciSend send_;
  const TimeSources time_;
  const Standstill standstill_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_TRANSPORT_SERVICE_H_
