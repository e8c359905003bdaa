// SPDX-License-Identifier: Apache-2.0

#include "powerd/power_service.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"
#include "daemon/grpc_status.h"
#include "powerd/power_event.h"

namespace toolboxd {

grpc::Status PowerService::ChangeState(grpc::ServerContext*, Stream* stream) {
  v1::ChangeStateRequest request;
  if (!stream->Read(&request) || !request.has_begin() || PowerEventName(request.begin()).empty()) {
    return ToGrpc(MakeError(v1::INVALID_ARGUMENT, "the first message must begin a power event"));
  }
  const v1::PowerEvent event = request.begin();
  // The call that exchanges "none" for its event owns the machine until it stores "none" again.
  v1::PowerEvent running = v1::POWER_EVENT_UNSPECIFIED;
  if (!running_.compare_exchange_strong(running, event)) {
    return grpc::Status(
        grpc::StatusCode::FAILED_PRECONDITION,
        std::string(absl::StrCat("another power event is running: ", PowerEventName(running))));
  }
  LogNotice("power event ", PowerEventName(event), " begins",
            request.skip_hooks() ? "; the host has switched its hooks off" : "");
  const absl::Status status = Run(event, request.skip_hooks(), stream);
  if (status.ok()) {
    LogNotice("power event ", PowerEventName(event), " is done");
  } else {
    LogWarning("power event ", PowerEventName(event), ": ", status.message());
  }
  running_.store(v1::POWER_EVENT_UNSPECIFIED);
  return ToGrpc(status);
}

// Messages to a caller that has left are lost; the event goes on without it.
absl::Status PowerService::Run(v1::PowerEvent event, bool skip_hooks, Stream* stream) {
  v1::ChangeStateUpdate update;
  update.mutable_started();
  stream->Write(update);

  const absl::Status hooks = skip_hooks ? absl::OkStatus() : backend_->RunHooks(event, stop_);
  if (stop_.IsSet()) return absl::UnavailableError("powerd is stopping");
  if (!hooks.ok()) LogWarning("hooks of ", PowerEventName(event), ": ", hooks.message());
  PowerAction act;
  if (HasPowerAction(event)) {
    // Before the hooks are reported: after that the host takes the event for a success.
    absl::StatusOr<PowerAction> prepared = backend_->Prepare(event);
    if (!prepared.ok()) return prepared.status();
    act = *std::move(prepared);
  }
  update.mutable_hooks_finished()->set_success(hooks.ok());
  update.mutable_hooks_finished()->set_message(std::string(hooks.message()));
  stream->Write(update);

  if (HasPowerAction(event)) {
    absl::Status status = AwaitProceed(event, hooks, stream);
    if (status.ok()) status = act();
    if (!status.ok()) return status;
  }
  update.mutable_done();
  stream->Write(update);
  return absl::OkStatus();
}

absl::Status PowerService::AwaitProceed(v1::PowerEvent event, const absl::Status& hooks,
                                        Stream* stream) {
  // A caller that hangs is bounded by its call's deadline, which the server enforces.
  v1::ChangeStateRequest request;
  while (stream->Read(&request)) {
    if (request.has_proceed()) return absl::OkStatus();
    LogLimited("unexpected step",
               "power event: ignored a message of the caller; only proceed is expected");
  }
  if (!hooks.ok()) {
    return absl::AbortedError(absl::StrCat("cancelled by its hooks: ", hooks.message()));
  }
  LogNotice("the caller of ", PowerEventName(event), " has left; the event goes on without it");
  if (stop_.WaitFor(proceed_alone_)) return absl::UnavailableError("powerd is stopping");
  return absl::OkStatus();
}

}  // namespace toolboxd
