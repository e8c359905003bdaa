// SPDX-License-Identifier: Apache-2.0

// TransportReaders: the control service for those who may look but not change anything: the group
// toolboxd.

#ifndef TOOLBOXD_TRANSPORTD_TRANSPORT_READERS_H_
#define TOOLBOXD_TRANSPORTD_TRANSPORT_READERS_H_

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "toolboxd/v1/transport.grpc.pb.h"

namespace toolboxd {

// Whether a request to the host only asks for what the host keeps. Pure.
bool OnlyReads(absl::string_view request);

// Passes the calls on, except those that change something or show in detail what other users do:
// PERMISSION_DENIED for StandStill, Trace, and SendRpci with requests other than those above.
// Thread-safe.
class TransportReaders final : public v1::Transport::Service {
 public:
  static constexpr int kMaxPolicyChecks = 4;
  static constexpr absl::Duration kPolicyWait = absl::Seconds(2);

  // `all` must outlive it.
  explicit TransportReaders(v1::Transport::Service* all) : all_(*all) {}

  grpc::Status GetStatus(grpc::ServerContext* context, const v1::GetStatusRequest* request,
                         v1::TransportStatus* response) override {
    return all_.GetStatus(context, request, response);
  }
  grpc::Status GetReportedInfo(grpc::ServerContext* context,
                               const v1::GetReportedInfoRequest* request,
                               v1::ReportedInfo* response) override {
    return all_.GetReportedInfo(context, request, response);
  }
  grpc::Status ListSessions(grpc::ServerContext* context, const v1::ListSessionsRequest* request,
                            v1::ListSessionsReply* response) override {
    return all_.ListSessions(context, request, response);
  }
  grpc::Status ListPrograms(grpc::ServerContext* context, const v1::ListProgramsRequest* request,
                            v1::ListProgramsReply* response) override {
    return all_.ListPrograms(context, request, response);
  }
  grpc::Status ListTransfers(grpc::ServerContext* context, const v1::ListTransfersRequest* request,
                             v1::ListTransfersReply* response) override {
    return all_.ListTransfers(context, request, response);
  }
  grpc::Status GetMetrics(grpc::ServerContext* context, const v1::GetMetricsRequest* request,
                          v1::Metrics* response) override {
    return all_.GetMetrics(context, request, response);
  }
  grpc::Status GetHostStatistics(grpc::ServerContext* context,
                                 const v1::GetHostStatisticsRequest* request,
                                 v1::HostStatistics* response) override {
    return all_.GetHostStatistics(context, request, response);
  }
  grpc::Status GetTimeStatus(grpc::ServerContext* context, const v1::GetTimeStatusRequest* request,
                             v1::TimeStatus* response) override {
    return all_.GetTimeStatus(context, request, response);
  }

  // May wait for the user database, and notices as little as that whether its caller has given it
  // up: kMaxPolicyChecks at a time. Others wait for kPolicyWait, and then get RESOURCE_EXHAUSTED.
  grpc::Status CheckPolicy(grpc::ServerContext* context, const v1::CheckPolicyRequest* request,
                           v1::CheckPolicyReply* response) override;

  grpc::Status SendRpci(grpc::ServerContext* context, const v1::SendRpciRequest* request,
                        v1::SendRpciReply* response) override;
  grpc::Status StandStill(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::StandStillReply, v1::StandStillRequest>* stream) override;
  grpc::Status Trace(grpc::ServerContext* context, const v1::TraceRequest* request,
                     grpc::ServerWriter<v1::TraceEvent>* writer) override;

 private:
  // False if none becomes free in time, or the caller gives the call up.
  bool TakePolicyCheck(const grpc::ServerContext& context);

  v1::Transport::Service& all_;
  absl::Mutex mutex_;
  int policy_checks_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_TRANSPORT_READERS_H_
