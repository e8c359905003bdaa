// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/policy.h"

#include "absl/flags/flag.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "base/utf8.h"
#include "toolboxctl/control_flag.h"
#include "toolboxctl/show.h"
#include "toolboxctl/table.h"
#include "toolboxctl/transport_client.h"

namespace toolboxd {

absl::StatusOr<v1::CheckPolicyRequest> PolicyRequest(const std::vector<std::string>& words) {
  if (words.size() < 3 || words[0] != "check") {
    return absl::InvalidArgumentError(
        "policy takes 'check USER OPERATION [TARGET [ARGUMENTS]]', such as 'check alice "
        "StartProgramInGuest /usr/bin/uptime'");
  }
  v1::CheckPolicyRequest request;
  request.set_user(PrintableUtf8(words[1]));
  request.set_operation(PrintableUtf8(words[2]));
  if (words.size() > 3) request.set_target(PrintableUtf8(words[3]));
  if (words.size() > 4) {
    request.set_arguments(PrintableUtf8(absl::StrJoin(words.begin() + 4, words.end(), " ")));
  }
  return request;
}

std::string PolicyText(const v1::CheckPolicyReply& reply, const Terminal& terminal) {
  std::string text = absl::StrCat(reply.permitted() ? Coloured("permitted", Colour::kGood, terminal)
                                                    : Coloured("refused", Colour::kBad, terminal),
                                  ": ", PrintableUtf8(reply.reason()), "\n");
  if (reply.line() != 0) {
    absl::StrAppend(&text, reply.file(), ":", reply.line(), ": ",
                    absl::StripAsciiWhitespace(PrintableUtf8(reply.text())), "\n");
  }
  if (reply.file_has_changed()) {
    absl::StrAppend(&text, reply.file(),
                    " has changed since transportd read it: it counts after "
                    "'systemctl reload toolboxd-transportd'\n");
  }
  return text;
}

int PolicyMain(const std::vector<std::string>& words) {
  const absl::StatusOr<v1::CheckPolicyRequest> request = PolicyRequest(words);
  if (!request.ok()) return Usage(request.status().message());
  TransportClient client(absl::GetFlag(FLAGS_control));
  const absl::StatusOr<v1::CheckPolicyReply> reply =
      client.Call(&v1::Transport::Stub::CheckPolicy, *request);
  if (absl::IsInvalidArgument(reply.status())) return Usage(reply.status().message());
  const int shown =
      Show<v1::CheckPolicyReply>({.json = ShowOptionsFromFlags().json},
                                 {.fetch = [&reply] { return reply; }, .text = PolicyText});
  if (shown != 0) return shown;
  return reply->permitted() ? 0 : kExitRefused;
}

}  // namespace toolboxd
