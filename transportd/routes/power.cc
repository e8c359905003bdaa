// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/power.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"

namespace toolboxd {
namespace {

struct PowerCommand {
  absl::string_view name;
  PowerState state;
};

constexpr PowerCommand kCommands[] = {
    {"OS_Halt", PowerState::kHalt},       {"OS_Reboot", PowerState::kReboot},
    {"OS_PowerOn", PowerState::kPowerOn}, {"OS_Resume", PowerState::kResume},
    {"OS_Suspend", PowerState::kSuspend},
};

struct ToolScripts {
  absl::string_view option;
  PowerState state;
};

constexpr ToolScripts kToolScripts[] = {
    {"toolScripts.afterPowerOn", PowerState::kPowerOn},
    {"toolScripts.beforePowerOff", PowerState::kHalt},
    {"toolScripts.beforePowerOff", PowerState::kReboot},
    {"toolScripts.afterResume", PowerState::kResume},
    {"toolScripts.beforeSuspend", PowerState::kSuspend},
};

absl::string_view Name(PowerState state) { return kCommands[static_cast<int>(state) - 1].name; }

}  // namespace

PowerRoutes::PowerRoutes(RpciSend send, BeginPowerChange begin)
    : send_(std::move(send)), begin_(std::move(begin)) {}

void PowerRoutes::AddTo(Router& router) {
  for (const PowerCommand& command : kCommands) {
    router.Add(command.name,
               [this, state = command.state](absl::string_view) { return Change(state); });
  }
}

bool PowerRoutes::SetToolScripts(absl::string_view option, bool on) {
  bool known = false;
  for (const ToolScripts& scripts : kToolScripts) {
    if (scripts.option != option) continue;
    known = true;
    if (on) {
      without_hooks_.erase(scripts.state);
    } else {
      without_hooks_.insert(scripts.state);
    }
  }
  return known;
}

TcloReply PowerRoutes::Change(PowerState state) {
  if (running_) return TcloReply::Error("State change already in progress");
  const bool hooks = without_hooks_.count(state) == 0;
  LogNotice("the host requests ", Name(state), hooks ? "" : ", without scripts");
  const absl::Status begun = begin_(state, hooks, [this, state](const absl::Status& finished) {
    return OnHooksFinished(state, finished);
  });
  if (absl::IsFailedPrecondition(begun))
    return TcloReply::Error("State change already in progress");
  if (!begun.ok()) {
    LogError("powerd did not start ", Name(state), ": ", begun.message());
    SendStatus(state, Result::kFailed);
    return TcloReply::Error("Error starting script");
  }
  running_ = state;
  return TcloReply::Ok();
}

bool PowerRoutes::OnHooksFinished(PowerState state, const absl::Status& hooks) {
  running_.reset();
  bool success = hooks.ok();
  const bool may_insist = absl::IsAborted(hooks);
  if (may_insist) {
    // The host requests it a second time if its user insists.
    success = failed_ == state;
    LogError("hooks of ", Name(state), " failed: ", hooks.message(),
             success ? "; the event proceeds, because the host has requested it again"
                     : "; the event stops, and proceeds if the host requests it again");
  } else if (!success) {
    LogError("the event ", Name(state), " cannot be carried out: ", hooks.message());
  }
  failed_ = may_insist && !success ? std::optional<PowerState>(state) : std::nullopt;
  SendStatus(state, success ? Result::kSucceeded : Result::kFailed);
  return success;
}

void PowerRoutes::SendStatus(PowerState state, Result result) {
  // The host expects the NUL here.
  const std::string request =
      absl::StrCat("tools.os.statechange.status ", static_cast<int>(result), " ",
                   static_cast<int>(state), absl::string_view("\0", 1));
  const absl::StatusOr<RpciReply> reply = send_(request);
  if (!reply.ok() || !reply->success) {
    LogLimited("power status", "the host did not take the result of ", Name(state), ": ",
               reply.ok() ? absl::string_view(reply->data) : reply.status().message());
  }
}

}  // namespace toolboxd
