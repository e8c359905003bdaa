// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/transport_client.h"

#include <errno.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/time/clock.h"
#include "daemon/channel.h"
#include "daemon/failed_call.h"
#include "daemon/grpc_status.h"

namespace toolboxd {
namespace {

// transportd waits up to ten seconds for its channel.
constexpr absl::Duration kCallTimeout = absl::Seconds(15);
constexpr absl::Duration kAskAgain = absl::Milliseconds(20);

}  // namespace

TransportClient::TransportClient(std::string socket)
    : socket_(std::move(socket)), stub_(v1::Transport::NewStub(ConnectUnix(socket_))) {}

absl::StatusOr<v1::TransportStatus> TransportClient::GetStatus() {
  absl::StatusOr<v1::TransportStatus> status = AskStatus();
  if (!status.ok()) return Explain(status.status());
  return status;
}

absl::StatusOr<v1::TransportStatus> TransportClient::AskStatus() {
  grpc::ClientContext context;
  SetTimeout(kCallTimeout, &context);
  v1::TransportStatus status;
  const grpc::Status result = stub_->GetStatus(&context, v1::GetStatusRequest(), &status);
  if (!result.ok()) return FromGrpc(result);
  return status;
}

absl::StatusOr<v1::SendRpciReply> TransportClient::SendRpci(absl::string_view request) {
  grpc::ClientContext context;
  SetTimeout(kCallTimeout, &context);
  v1::SendRpciRequest message;
  message.set_request(std::string(request));
  v1::SendRpciReply reply;
  const grpc::Status result = stub_->SendRpci(&context, message, &reply);
  if (!result.ok()) return Explain(FromGrpc(result));
  return reply;
}

absl::StatusOr<v1::TimeStatus> TransportClient::GetTimeStatus() {
  grpc::ClientContext context;
  SetTimeout(kCallTimeout, &context);
  v1::TimeStatus status;
  const grpc::Status result = stub_->GetTimeStatus(&context, v1::GetTimeStatusRequest(), &status);
  if (!result.ok()) return Explain(FromGrpc(result));
  return status;
}

absl::Status TransportClient::WaitUntilRegistered(absl::Time deadline) {
  for (;;) {
    const absl::StatusOr<v1::TransportStatus> status = AskStatus();
    if (status.ok() && status->registered()) return absl::OkStatus();
    // Waiting does not help a caller without permission. Explain is for the end only: it connects,
    // which systemd would count as one more start of the service.
    if (absl::IsPermissionDenied(status.status())) return status.status();
    if (!status.ok() && access(socket_.c_str(), R_OK | W_OK) != 0 && errno == EACCES) {
      return Explain(status.status());
    }
    const absl::Duration rest = deadline - absl::Now();
    if (rest <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(
          status.ok() ? "the guest is not registered with the host; see 'toolboxctl status'"
                      : Explain(status.status()).message());
    }
    absl::SleepFor(std::min(rest, kAskAgain));
  }
}

absl::Status TransportClient::Explain(const absl::Status& status) const {
  return ExplainFailedCall(status, ToolboxdService("toolboxd", socket_, "toolboxd-transportd"));
}

}  // namespace toolboxd
