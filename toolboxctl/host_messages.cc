// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/host_messages.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "toolboxctl/output.h"

namespace toolboxd {
namespace {

constexpr size_t kMaxLog = 400;
constexpr char kCommand[] = "GuestAppMonitor.Cmd.";
constexpr char kTakes[] =
    "app-monitor takes 'enable', 'alive', 'disable', 'ok', 'need-reset' or 'status'";

struct Word {
  absl::string_view word;
  absl::string_view command;
};
constexpr Word kWords[] = {
    {"enable", "Enable"},
    {"alive", "MarkActive"},
    {"disable", "Disable"},
    {"ok", "PostAppState appStateOk"},
    {"need-reset", "PostAppState appStateNeedReset"},
};

// What the host answers; its refusal as an error for people.
absl::StatusOr<std::string> Ask(const std::string& request, const SendToHost& send) {
  const absl::StatusOr<v1::SendRpciReply> reply = send(request);
  if (!reply.ok()) return reply.status();
  if (!reply->success()) {
    return absl::FailedPreconditionError(absl::StrCat("the host refused it: ", reply->data()));
  }
  return std::string(absl::StripAsciiWhitespace(reply->data()));
}

int ShowAppMonitor(const SendToHost& send) {
  const absl::StatusOr<std::string> enabled = Ask(absl::StrCat(kCommand, "IsEnabled"), send);
  if (!enabled.ok()) return Fail(enabled.status().message());
  const absl::StatusOr<std::string> status = Ask(absl::StrCat(kCommand, "GetAppStatus"), send);
  if (!status.ok()) return Fail(status.status().message());
  return Print(absl::StrCat("enabled  ", *enabled, "\nstatus   ", *status, "\n"));
}

}  // namespace

absl::StatusOr<std::string> LogRequest(absl::string_view text) {
  if (text.empty()) return absl::InvalidArgumentError("log takes a text that is not empty");
  if (text.size() > kMaxLog) {
    return absl::InvalidArgumentError(
        absl::StrCat("a line of the host's log has at most ", kMaxLog, " bytes"));
  }
  if (std::any_of(text.begin(), text.end(), absl::ascii_iscntrl)) {
    return absl::InvalidArgumentError("a line of the host's log has no control characters");
  }
  return absl::StrCat("log ", text);
}

absl::StatusOr<std::string> AppMonitorRequest(absl::string_view word) {
  for (const Word& known : kWords) {
    if (word == known.word) return absl::StrCat(kCommand, known.command);
  }
  return absl::InvalidArgumentError(kTakes);
}

std::string AppMonitorFault(absl::string_view code) {
  if (code == "0" || code.empty()) return "";
  if (code == "1") return "an internal error of the host (1)";
  if (code == "2") {
    return "monitoring is not enabled (2); run 'toolboxctl app-monitor enable' first, and see "
           "whether the cluster has VM and Application Monitoring";
  }
  return absl::StrCat("the host does not take the request (", code, ")");
}

int LogMain(const std::string& text, const SendToHost& send) {
  const absl::StatusOr<std::string> request = LogRequest(text);
  if (!request.ok()) return Usage(request.status().message());
  const absl::StatusOr<std::string> answer = Ask(*request, send);
  return answer.ok() ? 0 : Fail(answer.status().message());
}

int AppMonitorMain(const std::vector<std::string>& words, const SendToHost& send) {
  if (words.size() != 1) return Usage(kTakes);
  if (words[0] == "status") return ShowAppMonitor(send);
  const absl::StatusOr<std::string> request = AppMonitorRequest(words[0]);
  if (!request.ok()) return Usage(request.status().message());
  const absl::StatusOr<std::string> answer = Ask(*request, send);
  if (!answer.ok()) return Fail(answer.status().message());
  const std::string fault = AppMonitorFault(*answer);
  return fault.empty() ? 0 : Fail(fault);
}

}  // namespace toolboxd
