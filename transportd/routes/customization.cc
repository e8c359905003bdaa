// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/customization.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "base/log.h"
#include "base/utf8.h"

namespace toolboxd {
namespace {

constexpr size_t kMaxMessage = 1024;

// docs/protocol/customization.md 9.2.
constexpr uint32_t kDeploying = 3;
constexpr uint32_t kRunning = 4;
constexpr uint32_t kDeployFailed = 5;
constexpr uint32_t kCustomizeFailed = 100;

v1::DeployState State(uint32_t state, uint32_t code, absl::string_view message) {
  v1::DeployState result;
  result.set_state(state);
  result.set_code(code);
  result.set_message(std::string(message));
  return result;
}

}  // namespace

std::string EncodeDeployState(const v1::DeployState& state) {
  std::string text = absl::StrCat("deployPkg.update.state ", state.state());
  if (state.code() == 0 && state.message().empty()) return text;
  const std::string message = PrintableUtf8(absl::StrReplaceAll(state.message(), {{"\n", " "}}));
  absl::StrAppend(&text, " ", state.code());
  if (!message.empty()) absl::StrAppend(&text, " ", std::string(CutUtf8(message, kMaxMessage)));
  return text;
}

void CustomizationRoutes::AddTo(Router& router) {
  router.Add("deployPkg.begin", [this](absl::string_view) { return Begin(); });
  router.Add("deployPkg.deploy", [this](absl::string_view arguments) { return Deploy(arguments); });
}

TcloReply CustomizationRoutes::Begin() {
  const absl::StatusOr<std::string> directory =
      standstill_() ? absl::UnavailableError("the guest stands still for a snapshot")
                    : deployer_.Begin();
  if (!directory.ok()) {
    LogLimited("customization begin",
               "the host cannot customize this guest: ", directory.status().message());
    // Without a state the host would wait for its time-out.
    SendState(State(kDeploying, kDeployFailed, directory.status().message()));
    return TcloReply::Error("failed to get temp dir");
  }
  LogTextLimited(LogLevel::kNotice, "customization", "the host begins to customize this guest");
  return TcloReply::Ok(*directory);
}

TcloReply CustomizationRoutes::Deploy(absl::string_view arguments) {
  absl::ConsumeSuffix(&arguments, absl::string_view("\0", 1));
  const absl::string_view path = absl::StripAsciiWhitespace(arguments);
  if (path.empty() || path.size() > kMaxPath) {
    SendState(State(kDeploying, 0, ""));
    SendState(State(kDeploying, kDeployFailed, "Package file not found"));
    return TcloReply::Error("failed to get package file");
  }
  const absl::StatusOr<v1::DeployUpdate> update =
      standstill_()
          ? absl::UnavailableError("the guest stands still for a snapshot")
          : deployer_.Deploy(path, [this](const v1::DeployState& state) { SendState(state); });
  if (absl::IsFailedPrecondition(update.status())) {
    LogLimited("customization again", "a package is not deployed: ", update.status().message());
    // No state: it would be taken for one of the deployment that the inbox has had.
    return TcloReply::Error(std::string(update.status().message()));
  }
  // Before the reply, and so before what deployd says next.
  SendState(State(kDeploying, 0, ""));
  if (!update.ok()) {
    LogLimited("customization deploy", "a package is not deployed: ", update.status().message());
    SendState(State(kRunning, kCustomizeFailed, absl::StrCat("@", update.status().message())));
    return TcloReply::Error("failed to deploy the package");
  }
  if (update->has_refused()) {
    SendState(update->refused());
    return TcloReply::Error("failed to get package file");
  }
  return TcloReply::Ok("");
}

void CustomizationRoutes::SendState(const v1::DeployState& state) {
  const std::string request = EncodeDeployState(state);
  const absl::StatusOr<RpciReply> reply = send_(request);
  if (reply.ok() && reply->success) return;
  LogLimited("customization state", "the host did not take \"", request,
             "\": ", reply.ok() ? reply->data : std::string(reply.status().message()));
}

}  // namespace toolboxd
