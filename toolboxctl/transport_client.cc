// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/transport_client.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/channel.h"
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
  grpc::ClientContext context;
  SetTimeout(kCallTimeout, &context);
  v1::TransportStatus status;
  const grpc::Status result = stub_->GetStatus(&context, v1::GetStatusRequest(), &status);
  if (!result.ok()) return Explain(FromGrpc(result));
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

absl::Status TransportClient::WaitUntilRegistered(absl::Time deadline) {
  for (;;) {
    const absl::StatusOr<v1::TransportStatus> status = GetStatus();
    if (status.ok() && status->registered()) return absl::OkStatus();
    // Waiting does not help who may not ask.
    if (absl::IsPermissionDenied(status.status())) return status.status();
    const absl::Duration rest = deadline - absl::Now();
    if (rest <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(status.ok() ? "the guest is not registered with the host"
                                                     : status.status().message());
    }
    absl::SleepFor(std::min(rest, kAskAgain));
  }
}

absl::Status TransportClient::Explain(const absl::Status& status) const {
  if (!absl::IsUnavailable(status)) return status;
  return absl::UnavailableError(
      absl::StrCat("no answer from transportd at ", socket_, ": ", status.message()));
}

}  // namespace toolboxd
