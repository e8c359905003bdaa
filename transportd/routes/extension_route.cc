// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/extension_route.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/shared_deadline.h"
#include "daemon/channel.h"
#include "daemon/grpc_status.h"
#include "toolboxd/v1/rpc_handler.grpc.pb.h"

namespace toolboxd {
namespace {

// Calls RpcHandler.Handle; waits at most for the binding's timeout.
TcloReply Ask(const ExtensionTarget& target, absl::string_view command,
              absl::string_view arguments) {
  v1::RpcHandlerRequest request;
  request.set_command(command.data(), command.size());
  absl::ConsumeSuffix(&arguments, absl::string_view("\0", 1));
  request.set_arguments(arguments.data(), arguments.size());
  v1::RpcHandlerReply reply;
  const SharedDeadline deadline;
  const auto channel = target.Connect();
  absl::Status status = channel.status();
  if (status.ok()) {
    grpc::ClientContext context;
    SetTimeout(target.timeout, &context);
    status = FromGrpc(v1::RpcHandler::NewStub(*channel)->Handle(&context, request, &reply));
  }
  if (status.ok()) return TcloReply::Ok(std::move(*reply.mutable_data()));
  return TcloReply::Error(std::string(status.message()),
                          absl::StrCat("the extension at ", target.socket));
}

}  // namespace

void AddExtensionRoute(Router& router, const Extensions* extensions,
                       std::function<bool()> standstill) {
  router.SetOverride(
      [extensions, standstill = std::move(standstill)](
          absl::string_view command, absl::string_view arguments) -> std::optional<TcloReply> {
        const ExtensionTarget* target = extensions->FindCommand(command);
        if (target == nullptr) return std::nullopt;
        if (standstill()) return TcloReply::Error("the guest stands still for a snapshot");
        return Ask(*target, command, arguments);
      });
}

}  // namespace toolboxd
