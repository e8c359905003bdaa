// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/transport_client.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/steady_time.h"
#include "daemon/failed_call.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kShortestCall = absl::Milliseconds(100);
constexpr absl::Duration kAskAgain = absl::Milliseconds(20);

}  // namespace

TransportClient::TransportClient(std::string socket)
    : socket_(std::move(socket)), stub_(v1::Transport::NewStub(ConnectUnix(socket_))) {}

absl::StatusOr<v1::TransportStatus> TransportClient::GetStatus() {
  absl::StatusOr<v1::TransportStatus> status = AskStatus(*stub_, kCallTimeout);
  if (!status.ok()) return Explain(status.status());
  return status;
}

absl::StatusOr<v1::TransportStatus> TransportClient::AskStatus(v1::Transport::Stub& stub,
                                                               absl::Duration timeout) {
  grpc::ClientContext context;
  SetTimeout(timeout, &context);
  v1::TransportStatus status;
  const grpc::Status result = stub.GetStatus(&context, v1::GetStatusRequest(), &status);
  if (!result.ok()) return FromGrpc(result);
  return status;
}

absl::StatusOr<v1::SendRpciReply> TransportClient::SendRpci(absl::string_view request) {
  v1::SendRpciRequest message;
  message.set_request(std::string(request));
  return Call(&v1::Transport::Stub::SendRpci, message);
}

absl::StatusOr<v1::TimeStatus> TransportClient::GetTimeStatus() {
  return Call(&v1::Transport::Stub::GetTimeStatus, v1::GetTimeStatusRequest());
}

absl::Status TransportClient::Trace(const std::function<bool(const v1::TraceEvent& event)>& print) {
  grpc::ClientContext context;
  const auto stream = stub_->Trace(&context, v1::TraceRequest());
  v1::TraceEvent event;
  while (stream->Read(&event)) {
    if (print(event)) continue;
    context.TryCancel();
    stream->Finish();
    return absl::OkStatus();
  }
  const absl::Status status = FromGrpc(stream->Finish());
  return status.ok() ? absl::UnavailableError("transportd ended the trace: it stops")
                     : Explain(status);
}

absl::Status TransportClient::WaitUntil(const Condition& condition, absl::Time deadline) {
  for (;;) {
    // A channel that could not connect refuses calls until it has, and nothing reads its connection
    // meanwhile: each question has a channel of its own. A transportd that hangs does not take
    // longer than the caller has.
    const auto stub = v1::Transport::NewStub(ConnectUnix(socket_));
    const absl::StatusOr<v1::TransportStatus> status =
        AskStatus(*stub, std::clamp(deadline - SteadyNow(), kShortestCall, kCallTimeout));
    if (status.ok() && condition.holds(*status)) return absl::OkStatus();
    // Waiting does not help a caller without permission. Explain is for the end only: it connects,
    // which systemd would count as one more start of the service.
    if (absl::IsPermissionDenied(status.status())) return status.status();
    if (!status.ok() && access(socket_.c_str(), R_OK | W_OK) != 0 && errno == EACCES) {
      return Explain(status.status());
    }
    const absl::Duration rest = deadline - SteadyNow();
    if (rest <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(
          status.ok() ? absl::StrCat(condition.otherwise, "; see 'toolboxctl status'")
                      : std::string(Explain(status.status()).message()));
    }
    absl::SleepFor(std::min(rest, kAskAgain));
  }
}

absl::Status TransportClient::Explain(const absl::Status& status) const {
  if (absl::IsUnimplemented(status)) {
    return absl::UnimplementedError(
        "the transportd that runs is of an older version; start the new one with "
        "'systemctl restart toolboxd-transportd'");
  }
  return ExplainFailedCall(status, ToolboxdService("toolboxd", socket_, "toolboxd-transportd"));
}

}  // namespace toolboxd
