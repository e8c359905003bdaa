// SPDX-License-Identifier: Apache-2.0

// TransportService: transportd's control service, for toolboxctl.

#ifndef TOOLBOXD_TRANSPORTD_TRANSPORT_SERVICE_H_
#define TOOLBOXD_TRANSPORTD_TRANSPORT_SERVICE_H_

#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "toolboxd/v1/transport.grpc.pb.h"
#include "transportd/channel_views.h"
#include "transportd/rpc/rpci.h"
#include "transportd/service_processes.h"
#include "transportd/standstill_allowance.h"
#include "transportd/statistics/operation_statistics.h"
#include "transportd/status_board.h"
#include "transportd/task_queue.h"

namespace toolboxd {

// Requests to the host and views run on the channel's thread, between two commands of the host; a
// call waits up to ten seconds for them (DEADLINE_EXCEEDED). Thread-safe.
class TransportService final : public v1::Transport::Service {
 public:
  // All pointers must outlive the service. `send` is called on the queue's thread only.
  TransportService(const StatusBoard* board, const OperationStatistics* operations,
                   TaskQueue* queue, RpciSend send, ChannelViews views);

  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest* request,
                         v1::TransportStatus* response) override;

  // INVALID_ARGUMENT for an empty or too long request; UNAVAILABLE without a channel.
  grpc::Status SendRpci(grpc::ServerContext* context, const v1::SendRpciRequest* request,
                        v1::SendRpciReply* response) override;

  // DEADLINE_EXCEEDED as above. If clockd does not answer, the response says so.
  grpc::Status GetTimeStatus(grpc::ServerContext* context, const v1::GetTimeStatusRequest* request,
                             v1::TimeStatus* response) override;

  // Each begin has its end, whatever becomes of the caller. DEADLINE_EXCEEDED if the channel's
  // thread does not get to it within ten seconds; RESOURCE_EXHAUSTED beyond the allowance.
  grpc::Status StandStill(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::StandStillReply, v1::StandStillRequest>* stream) override;

  // RESOURCE_EXHAUSTED for a fifth caller. Ends when the hub is closed.
  grpc::Status Trace(grpc::ServerContext* context, const v1::TraceRequest* request,
                     grpc::ServerWriter<v1::TraceEvent>* writer) override;

  grpc::Status GetReportedInfo(grpc::ServerContext* context,
                               const v1::GetReportedInfoRequest* request,
                               v1::ReportedInfo* response) override;
  grpc::Status ListSessions(grpc::ServerContext* context, const v1::ListSessionsRequest* request,
                            v1::ListSessionsReply* response) override;
  grpc::Status ListTransfers(grpc::ServerContext* context, const v1::ListTransfersRequest* request,
                             v1::ListTransfersReply* response) override;
  // Asks the users' vixd on the caller's thread, each with a time limit.
  grpc::Status ListPrograms(grpc::ServerContext* context, const v1::ListProgramsRequest* request,
                            v1::ListProgramsReply* response) override;
  grpc::Status GetMetrics(grpc::ServerContext* context, const v1::GetMetricsRequest* request,
                          v1::Metrics* response) override;
  grpc::Status GetHostStatistics(grpc::ServerContext* context,
                                 const v1::GetHostStatisticsRequest* request,
                                 v1::HostStatistics* response) override;
  // May wait for the machine's user database, on the caller's thread.
  grpc::Status CheckPolicy(grpc::ServerContext* context, const v1::CheckPolicyRequest* request,
                           v1::CheckPolicyReply* response) override;

 private:
  absl::Duration TakeStandstill();
  grpc::Status StandStillFor(
      absl::Duration limit, const grpc::ServerContext& context,
      grpc::ServerReaderWriter<v1::StandStillReply, v1::StandStillRequest>& stream);

  // Moves what `view` returns into `response`.
  template <typename Reply>
  grpc::Status View(grpc::ServerContext& context, const std::function<Reply()>& view,
                    Reply* response);

  // Sends a request on the channel's thread.
  absl::StatusOr<RpciReply> Send(const grpc::ServerContext& context, std::string request);

  const StatusBoard& board_;
  const OperationStatistics& operations_;
  const ServiceProcesses processes_ = ServiceProcesses::OfThisMachine();
  TaskQueue& queue_;
  const RpciSend send_;
  const ChannelViews views_;
  absl::Mutex mutex_;
  StandstillAllowance standstill_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_TRANSPORT_SERVICE_H_
