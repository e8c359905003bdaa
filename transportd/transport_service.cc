// SPDX-License-Identifier: Apache-2.0

#include "transportd/transport_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "daemon/grpc_status.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kMaxWait = absl::Seconds(10);

constexpr char kBusy[] =
    "the channel to the host is busy: the host has not answered within the time limit";

// Shared with the channel's thread, because the caller's deadline may pass first.
struct Exchange {
  std::string request;
  absl::StatusOr<RpciReply> reply = absl::UnavailableError("the request was not sent");
  absl::Notification done;
};
struct TimeExchange {
  v1::TimeStatus status;
  absl::Notification done;
};

absl::Time Deadline(const grpc::ServerContext& context) {
  return std::min(absl::FromChrono(context.deadline()), absl::Now() + kMaxWait);
}

}  // namespace

TransportService::TransportService(const StatusBoard* board, TaskQueue* queue, RpciSend send,
                                   TimeSources time, Standstill standstill)
    : board_(*board),
      queue_(*queue),
      send_(std::move(send)),
      time_(std::move(time)),
      standstill_(std::move(standstill)) {}

grpc::Status TransportService::GetStatus(grpc::ServerContext*, const v1::GetStatusRequest*,
                                         v1::TransportStatus* response) {
  *response = board_.Get();
  return grpc::Status::OK;
}

grpc::Status TransportService::SendRpci(grpc::ServerContext* context,
                                        const v1::SendRpciRequest* request,
                                        v1::SendRpciReply* response) {
  if (request->request().empty()) {
    return ToGrpc(absl::InvalidArgumentError(
        "the request is empty; it must be an RPCI command such as \"info-get guestinfo.ip\""));
  }
  auto exchange = std::make_shared<Exchange>();
  exchange->request = request->request();
  queue_.Post([exchange, send = send_] {
    exchange->reply = send(exchange->request);
    exchange->done.Notify();
  });
  if (!exchange->done.WaitForNotificationWithDeadline(Deadline(*context))) {
    return ToGrpc(absl::DeadlineExceededError(kBusy));
  }
  if (!exchange->reply.ok()) return ToGrpc(exchange->reply.status());
  response->set_success(exchange->reply->success);
  response->set_data(exchange->reply->data);
  return grpc::Status::OK;
}

grpc::Status TransportService::GetTimeStatus(grpc::ServerContext* context,
                                             const v1::GetTimeStatusRequest*,
                                             v1::TimeStatus* response) {
  auto exchange = std::make_shared<TimeExchange>();
  queue_.Post([exchange, sync = time_.sync] {
    exchange->status = sync();
    exchange->done.Notify();
  });
  if (!exchange->done.WaitForNotificationWithDeadline(Deadline(*context))) {
    return ToGrpc(absl::DeadlineExceededError(kBusy));
  }
  *response = std::move(exchange->status);
  absl::StatusOr<v1::ClockStatus> clock = time_.clock();
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
  struct Stand {
    Standstill standstill;
    absl::Notification begun;
    // Of the channel's thread.
    bool over = false;
  };
  auto stand = std::make_shared<Stand>();
  stand->standstill = standstill_;
  const auto end = [stand] {
    if (!std::exchange(stand->over, true)) stand->standstill.end();
  };
  queue_.Post([stand] {
    stand->standstill.begin();
    stand->begun.Notify();
  });
  queue_.PostAt(SteadyNow() + kMaxStandstill, end);
  const bool begun = stand->begun.WaitForNotificationWithDeadline(Deadline(*context));
  if (begun) stream->Write(v1::StandStillReply());
  v1::StandStillRequest request;
  while (begun && stream->Read(&request)) {
  }
  // After the begin, if that is still to come.
  queue_.Post(end);
  if (begun) return grpc::Status::OK;
  return ToGrpc(absl::DeadlineExceededError("the channel to the host is busy"));
}

}  // namespace toolboxd
