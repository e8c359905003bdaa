// SPDX-License-Identifier: Apache-2.0

#include "transportd/transport_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "base/utf8.h"
#include "daemon/grpc_status.h"
#include "grpcpp/client_context.h"
#include "transportd/channel_call.h"
#include "transportd/guest_info/host_statistics.h"
#include "transportd/metrics.h"
#include "transportd/policy/policy_check.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kMaxWait = absl::Seconds(10);
// Bytes of a host's words in an error.
constexpr size_t kMaxHostText = 200;
// A scraper must get the other numbers although the channel's thread is busy.
constexpr absl::Duration kNumbersWait = absl::Seconds(2);

absl::Time Deadline(const grpc::ServerContext& context) {
  return std::min(absl::FromChrono(context.deadline()), absl::Now() + kMaxWait);
}

// A call that its caller has given up must keep no thread.
template <typename Reply>
absl::StatusOr<Reply> OnChannel(TaskQueue& queue, const grpc::ServerContext& context,
                                std::function<Reply()> task,
                                absl::Duration limit = absl::InfiniteDuration()) {
  return CallOnChannel<Reply>(
      queue, std::min(Deadline(context), absl::Now() + limit),
      [&context] { return context.IsCancelled(); }, std::move(task));
}

}  // namespace

TransportService::TransportService(const StatusBoard* board, const OperationStatistics* operations,
                                   TaskQueue* queue, RpciSend send, ChannelViews views)
    : board_(*board),
      operations_(*operations),
      queue_(*queue),
      send_(std::move(send)),
      views_(std::move(views)) {}

grpc::Status TransportService::GetStatus(grpc::ServerContext*, const v1::GetStatusRequest*,
                                         v1::TransportStatus* response) {
  *response = board_.Get();
  processes_.AddTo(*response);
  return grpc::Status::OK;
}

grpc::Status TransportService::SendRpci(grpc::ServerContext* context,
                                        const v1::SendRpciRequest* request,
                                        v1::SendRpciReply* response) {
  if (request->request().empty()) {
    return ToGrpc(absl::InvalidArgumentError(
        "the request is empty; it must be an RPCI command such as \"info-get guestinfo.ip\""));
  }
  const absl::StatusOr<RpciReply> reply = Send(*context, request->request());
  if (!reply.ok()) return ToGrpc(reply.status());
  response->set_success(reply->success);
  response->set_data(reply->data);
  return grpc::Status::OK;
}

absl::StatusOr<RpciReply> TransportService::Send(const grpc::ServerContext& context,
                                                 std::string request) {
  using Reply = absl::StatusOr<RpciReply>;
  absl::StatusOr<Reply> reply = OnChannel<Reply>(
      queue_, context, [text = std::move(request), send = send_] { return send(text); });
  if (!reply.ok()) return reply.status();
  return *std::move(reply);
}

grpc::Status TransportService::GetHostStatistics(grpc::ServerContext* context,
                                                 const v1::GetHostStatisticsRequest*,
                                                 v1::HostStatistics* response) {
  const absl::StatusOr<RpciReply> reply = Send(*context, guest_info::kHostStatisticsRequest);
  if (!reply.ok()) return ToGrpc(reply.status());
  if (!reply->success) {
    const std::string said = PrintableUtf8(reply->data);
    return ToGrpc(absl::FailedPreconditionError(
        absl::StrCat("the host does not offer statistics to this guest: ",
                     std::string(CutUtf8(said, kMaxHostText)))));
  }
  absl::StatusOr<v1::HostStatistics> statistics = guest_info::DecodeHostStatistics(reply->data);
  if (!statistics.ok()) {
    return ToGrpc(absl::FailedPreconditionError(statistics.status().message()));
  }
  *response = *std::move(statistics);
  return grpc::Status::OK;
}

template <typename Reply>
grpc::Status TransportService::View(grpc::ServerContext& context,
                                    const std::function<Reply()>& view, Reply* response) {
  absl::StatusOr<Reply> reply = OnChannel<Reply>(queue_, context, view);
  if (!reply.ok()) return ToGrpc(reply.status());
  *response = *std::move(reply);
  return grpc::Status::OK;
}

grpc::Status TransportService::GetReportedInfo(grpc::ServerContext* context,
                                               const v1::GetReportedInfoRequest*,
                                               v1::ReportedInfo* response) {
  return View(*context, views_.reported, response);
}

grpc::Status TransportService::ListSessions(grpc::ServerContext* context,
                                            const v1::ListSessionsRequest*,
                                            v1::ListSessionsReply* response) {
  return View(*context, views_.sessions, response);
}

grpc::Status TransportService::ListTransfers(grpc::ServerContext* context,
                                             const v1::ListTransfersRequest*,
                                             v1::ListTransfersReply* response) {
  return View(*context, views_.transfers, response);
}

grpc::Status TransportService::ListPrograms(grpc::ServerContext* context,
                                            const v1::ListProgramsRequest*,
                                            v1::ListProgramsReply* response) {
  absl::StatusOr<ProgramsView> view = OnChannel<ProgramsView>(queue_, *context, views_.programs);
  if (!view.ok()) return ToGrpc(view.status());
  // They end with this call.
  const auto new_call = [context] { return grpc::ClientContext::FromServerContext(*context); };
  *response = AskForStates(*std::move(view), Deadline(*context), new_call);
  return grpc::Status::OK;
}

grpc::Status TransportService::GetMetrics(grpc::ServerContext* context,
                                          const v1::GetMetricsRequest*, v1::Metrics* response) {
  v1::TransportStatus status = board_.Get();
  processes_.AddTo(status);
  AddStatusMetrics(status, *response);
  board_.requests().AddTo(*response);
  operations_.AddTo(*response);
  const absl::StatusOr<LiveNumbers> numbers =
      OnChannel<LiveNumbers>(queue_, *context, views_.numbers, kNumbersWait);
  if (numbers.ok()) AddLiveMetrics(*numbers, *response);
  return grpc::Status::OK;
}

grpc::Status TransportService::CheckPolicy(grpc::ServerContext* context,
                                           const v1::CheckPolicyRequest* request,
                                           v1::CheckPolicyReply* response) {
  const absl::StatusOr<PolicyStore> policy =
      OnChannel<PolicyStore>(queue_, *context, views_.policy);
  if (!policy.ok()) return ToGrpc(policy.status());
  absl::StatusOr<v1::CheckPolicyReply> reply = ExplainPolicy(*policy, *request);
  if (!reply.ok()) return ToGrpc(reply.status());
  *response = *std::move(reply);
  return grpc::Status::OK;
}

grpc::Status TransportService::GetTimeStatus(grpc::ServerContext* context,
                                             const v1::GetTimeStatusRequest*,
                                             v1::TimeStatus* response) {
  grpc::Status asked = View(*context, views_.time, response);
  if (!asked.ok()) return asked;
  const auto call = grpc::ClientContext::FromServerContext(*context);
  absl::StatusOr<v1::ClockStatus> clock = views_.clock(*call);
  if (clock.ok()) {
    *response->mutable_clock() = *std::move(clock);
  } else {
    response->set_clock_fault(std::string(clock.status().message()));
  }
  return grpc::Status::OK;
}

grpc::Status TransportService::StandStill(
    grpc::ServerContext* context,
    grpc::ServerReaderWriter<v1::StandStillReply, v1::StandStillRequest>* stream) {
  const absl::Duration limit = TakeStandstill();
  if (limit == absl::ZeroDuration()) {
    return ToGrpc(absl::ResourceExhaustedError(
        "transportd stands still for another caller, or did so for too long; wait a minute"));
  }
  const absl::Time start = SteadyNow();
  grpc::Status result = StandStillFor(limit, *context, *stream);
  absl::MutexLock lock(&mutex_);
  const absl::Time now = SteadyNow();
  standstill_.GiveBack(limit, now - start, now);
  return result;
}

absl::Duration TransportService::TakeStandstill() {
  absl::MutexLock lock(&mutex_);
  return standstill_.Take(SteadyNow());
}

grpc::Status TransportService::StandStillFor(
    absl::Duration limit, const grpc::ServerContext& context,
    grpc::ServerReaderWriter<v1::StandStillReply, v1::StandStillRequest>& stream) {
  struct Stand {
    StandstillCalls standstill;
    absl::Notification begun;
    // Used by the channel's thread only.
    bool over = false;
  };
  auto stand = std::make_shared<Stand>();
  stand->standstill = views_.standstill;
  const auto end = [stand] {
    if (!std::exchange(stand->over, true)) stand->standstill.end();
  };
  queue_.Post([stand] {
    stand->standstill.begin();
    stand->begun.Notify();
  });
  queue_.PostAt(SteadyNow() + limit, end);
  const bool begun = stand->begun.WaitForNotificationWithDeadline(Deadline(context));
  if (begun) stream.Write(v1::StandStillReply());
  v1::StandStillRequest request;
  while (begun && stream.Read(&request)) {
  }
  // After the begin, if that is still to come.
  queue_.Post(end);
  if (begun) return grpc::Status::OK;
  return ToGrpc(absl::DeadlineExceededError("the channel to the host is busy"));
}

grpc::Status TransportService::Trace(grpc::ServerContext* context, const v1::TraceRequest*,
                                     grpc::ServerWriter<v1::TraceEvent>* writer) {
  const auto listener = trace::TraceHub::Listener::Create(*views_.trace);
  if (listener == nullptr) {
    return ToGrpc(absl::ResourceExhaustedError(
        absl::StrCat(trace::TraceHub::kMaxListeners, " callers trace, which is the limit")));
  }
  // The caller knows that it listens before something happens.
  writer->SendInitialMetadata();
  while (const auto event = listener->Next([context] { return context->IsCancelled(); })) {
    if (!writer->Write(*event)) break;
  }
  return grpc::Status::OK;
}

}  // namespace toolboxd
