// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/verb_flags.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace toolboxd {
namespace {

struct FlagUse {
  absl::string_view flag;
  // The commands that read it, separated by commas.
  absl::string_view commands;
};

constexpr absl::string_view kShown = "status,nics,disks,info,sessions,programs,transfers,stat";

constexpr std::array<FlagUse, 14> kUses = {{
    {"json", "status,nics,disks,info,sessions,programs,transfers,stat,audit,trace,policy check"},
    {"watch", kShown},
    {"interval", kShown},
    {"since", "audit"},
    {"user", "audit,connect"},
    {"http", "metrics"},
    {"for", "wait"},
    {"timeout", "wait"},
    {"session_socket", "connect"},
    {"if_value", "namespace set"},
    {"snapshot_socket", "snapshot"},
    {"hold", "snapshot test"},
    {"scripts", "snapshot test"},
    {"deploy_socket", "customization"},
}};

// Whether a command line with these words, joined by blanks, is one of `command`.
bool IsOf(absl::string_view words, absl::string_view command) {
  return words == command || absl::StartsWith(words, absl::StrCat(command, " "));
}

std::vector<std::string> CommandsOf(absl::string_view flag) {
  const auto use = std::find_if(kUses.begin(), kUses.end(),
                                [flag](const FlagUse& each) { return each.flag == flag; });
  if (use == kUses.end()) return {};
  return absl::StrSplit(use->commands, ',');
}

absl::Status CheckFlag(absl::string_view words, absl::string_view verb, absl::string_view flag) {
  const std::vector<std::string> commands = CommandsOf(flag);
  const bool takes_it =
      std::any_of(commands.begin(), commands.end(),
                  [words](const std::string& command) { return IsOf(words, command); });
  if (takes_it) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "'", verb, "' does not take --", flag, commands.empty() ? "" : ", which belongs to '",
      absl::StrJoin(commands, "', '"), commands.empty() ? "" : "'"));
}

}  // namespace

absl::Status CheckVerbFlags(const std::vector<std::string>& words,
                            const std::vector<std::string>& flags) {
  const std::string line = absl::StrJoin(words, " ");
  for (const std::string& flag : flags) {
    if (flag == "control") continue;
    absl::Status status = CheckFlag(line, words.empty() ? "" : words[0], flag);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace toolboxd
