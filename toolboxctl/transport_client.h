// SPDX-License-Identifier: Apache-2.0

// TransportClient: transportd's control socket.

#ifndef TOOLBOXD_TOOLBOXCTL_TRANSPORT_CLIENT_H_
#define TOOLBOXD_TOOLBOXCTL_TRANSPORT_CLIENT_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/channel.h"
#include "daemon/grpc_status.h"
#include "toolboxd/v1/transport.grpc.pb.h"

namespace toolboxd {

// Thread-safe. Errors are for people: which socket was tried, why it failed and what to do
// (daemon/failed_call.h).
class TransportClient {
 public:
  explicit TransportClient(std::string socket);

  absl::StatusOr<v1::TransportStatus> GetStatus();

  // Any call of the service with one answer, as in
  // Call(&v1::Transport::Stub::ListSessions, v1::ListSessionsRequest()).
  template <typename Request, typename Reply>
  absl::StatusOr<Reply> Call(grpc::Status (v1::Transport::Stub::*method)(grpc::ClientContext*,
                                                                         const Request&, Reply*),
                             const Request& request) {
    grpc::ClientContext context;
    SetTimeout(kCallTimeout, &context);
    Reply reply;
    const grpc::Status result = ((*stub_).*method)(&context, request, &reply);
    if (!result.ok()) return Explain(FromGrpc(result));
    return reply;
  }

  // Sends a request to the host, byte for byte.
  absl::StatusOr<v1::SendRpciReply> SendRpci(absl::string_view request);

  absl::StatusOr<v1::TimeStatus> GetTimeStatus();

  // Passes events to `print` until it returns false (OK), or transportd ends the call: an error.
  absl::Status Trace(const std::function<bool(const v1::TraceEvent& event)>& print);

  // What a caller waits for.
  struct Condition {
    std::function<bool(const v1::TransportStatus& status)> holds;
    // Such as "the guest is not registered with the host".
    std::string otherwise;
  };
  // Returns when transportd runs, if need be after its socket has appeared, and the condition
  // holds; DeadlineExceeded if that has not happened by `deadline` of SteadyNow(), PermissionDenied
  // at once if the caller may not connect.
  absl::Status WaitUntil(const Condition& condition, absl::Time deadline);

 private:
  // transportd waits up to ten seconds for its channel.
  static constexpr absl::Duration kCallTimeout = absl::Seconds(15);

  // GetStatus with gRPC's own errors.
  static absl::StatusOr<v1::TransportStatus> AskStatus(v1::Transport::Stub& stub,
                                                       absl::Duration timeout);

  // An error that a person can act on.
  absl::Status Explain(const absl::Status& status) const;

  const std::string socket_;
  const std::unique_ptr<v1::Transport::Stub> stub_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_TRANSPORT_CLIENT_H_
