// SPDX-License-Identifier: Apache-2.0

// TransportClient: transportd's control socket.

#ifndef TOOLBOXD_TOOLBOXCTL_TRANSPORT_CLIENT_H_
#define TOOLBOXD_TOOLBOXCTL_TRANSPORT_CLIENT_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "toolboxd/v1/transport.grpc.pb.h"

namespace toolboxd {

// Thread-safe. Errors are for people: which socket was tried, why it failed and what to do
// (daemon/failed_call.h).
class TransportClient {
 public:
  explicit TransportClient(std::string socket);

  absl::StatusOr<v1::TransportStatus> GetStatus();

  // Sends a request to the host, byte for byte.
  absl::StatusOr<v1::SendRpciReply> SendRpci(absl::string_view request);

  absl::StatusOr<v1::TimeStatus> GetTimeStatus();

  // Returns when transportd runs and the host has accepted the guest; DeadlineExceeded if
  // that has not happened by `deadline`, PermissionDenied at once if the caller may not connect.
  absl::Status WaitUntilRegistered(absl::Time deadline);

 private:
  // GetStatus with gRPC's own errors.
  absl::StatusOr<v1::TransportStatus> AskStatus();

  // An error that a person can act on.
  absl::Status Explain(const absl::Status& status) const;

  const std::string socket_;
  const std::unique_ptr<v1::Transport::Stub> stub_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_TRANSPORT_CLIENT_H_
