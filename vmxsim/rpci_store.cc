// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/rpci_store.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace toolboxd::vmxsim {
namespace {

constexpr char kOk[] = "1 ";
constexpr char kUnknown[] = "0 Unknown command";
constexpr absl::string_view kVariablePrefix = "guestinfo.";

// Guests send text with and without its NUL.
absl::string_view Text(absl::string_view bytes) { return bytes.substr(0, bytes.find('\0')); }

absl::string_view TextWithoutSpace(absl::string_view bytes) {
  return absl::StripAsciiWhitespace(Text(bytes));
}

// Accepted without anything to remember.
bool IsAcceptedAndIgnored(absl::string_view command) {
  static constexpr absl::string_view kCommands[] = {
      "log",
      "vmx.set_option",
      "guest.log.state",
      "guest.log.text",
      "toolbox.show",
      "Run_Program_Done",
      "guest.upgrader_send_cmd_line_args",
  };
  return std::find(std::begin(kCommands), std::end(kCommands), command) != std::end(kCommands);
}

}  // namespace

std::string RpciStore::Handle(absl::string_view request) {
  const size_t space = request.find(' ');
  const absl::string_view command = Text(request.substr(0, space));
  const absl::string_view arguments =
      space == absl::string_view::npos ? absl::string_view() : request.substr(space + 1);
  const auto& refused = options_.refused_commands;
  if (std::find(refused.begin(), refused.end(), std::string(command)) != refused.end()) {
    return kUnknown;
  }
  if (command == "info-set") return InfoSet(arguments);
  if (command == "info-get") return InfoGet(arguments);
  if (command == "namespace-set-keys" || command == "namespace-priv-set-keys") {
    return NamespaceSet(arguments);
  }
  if (command == "namespace-get-values" || command == "namespace-priv-get-values") {
    return NamespaceGet(arguments);
  }
  if (command == "SetGuestInfo") return SetGuestInfo(arguments);
  if (command == "SetGuestDiskInfo") {
    disk_json_ = std::string(Text(arguments));
    return kOk;
  }
  if (command == "tools.os.statechange.status") return StateChangeStatus(arguments);
  if (command == "update.tools.health") {
    tools_health_ = std::string(TextWithoutSpace(arguments));
    return kOk;
  }
  if (command == "machine.id.get") {
    const auto found = variables_.find("machine.id");
    return found == variables_.end() ? "0 No machine id" : absl::StrCat(kOk, found->second);
  }
  if (absl::StartsWith(command, "tools.") || absl::StartsWith(command, "vmx.capability.")) {
    return Tools(command, arguments);
  }
  if (command == "vmbackup.eventSet") return snapshot_.OnEvent(request, absl::Now());
  if (command == "deployPkg.update.state") {
    return customization_.OnState(TextWithoutSpace(arguments), absl::Now());
  }
  if (IsAcceptedAndIgnored(command)) return kOk;
  ++unknown_commands_;
  return kUnknown;
}

void RpciStore::ResetRegistration() {
  tools_version_.clear();
  tools_version_type_.clear();
  capabilities_.clear();
}

// "guestinfo.K V": the value is everything after the one space that ends the name.
std::string RpciStore::InfoSet(absl::string_view arguments) {
  if (!absl::ConsumePrefix(&arguments, kVariablePrefix)) return "0 Permission denied";
  const size_t space = arguments.find(' ');
  const std::string key(Text(arguments.substr(0, space)));
  if (key.empty()) return "0 Invalid argument";
  absl::string_view value =
      space == absl::string_view::npos ? absl::string_view() : arguments.substr(space + 1);
  absl::ConsumeSuffix(&value, absl::string_view("\0", 1));
  variables_[key] = std::string(value);
  return kOk;
}

std::string RpciStore::InfoGet(absl::string_view arguments) {
  arguments = TextWithoutSpace(arguments);
  if (!absl::ConsumePrefix(&arguments, kVariablePrefix)) return "0 Permission denied";
  const auto found = variables_.find(std::string(arguments));
  if (found == variables_.end()) return "0 No value found";
  return absl::StrCat(kOk, found->second);
}

// "NAMESPACE\0COUNT\0", and for each of them "OPERATION\0KEY\0VALUE\0OLD\0". Operation 1 needs the
// value to be OLD; an empty value deletes.
std::string RpciStore::NamespaceSet(absl::string_view arguments) {
  const std::vector<std::string> fields = absl::StrSplit(arguments, '\0');
  size_t count = 0;
  if (fields.size() < 3 || fields[0].empty() || !absl::SimpleAtoi(fields[1], &count) ||
      count > fields.size() || fields.size() != 2 + 4 * count + 1) {
    return "0 Invalid argument";
  }
  for (size_t i = 2; i + 4 < fields.size(); i += 4) {
    const std::pair<std::string, std::string> key(fields[0], fields[i + 1]);
    if (fields[i] == "1" && namespaces_[key] != fields[i + 3]) return "0 Operation failed";
    namespaces_[key] = fields[i + 2];
    if (fields[i + 2].empty()) namespaces_.erase(key);
  }
  return kOk;
}

// "NAMESPACE\0KEY\0": the value and a NUL.
std::string RpciStore::NamespaceGet(absl::string_view arguments) {
  const std::vector<std::string> fields = absl::StrSplit(arguments, '\0');
  if (fields.size() != 3) return "0 Invalid argument";
  const auto found = namespaces_.find({fields[0], fields[1]});
  if (found == namespaces_.end()) return "0 Key not found";
  return absl::StrCat(kOk, found->second, absl::string_view("\0", 1));
}

// " TYPE VALUE": docs/protocol/guest-info.md 3.3 has two spaces before the type, of which the first
// ended the name.
std::string RpciStore::SetGuestInfo(absl::string_view arguments) {
  while (absl::ConsumePrefix(&arguments, " ")) {
  }
  const size_t space = arguments.find(' ');
  int type = 0;
  if (space == absl::string_view::npos || !absl::SimpleAtoi(arguments.substr(0, space), &type)) {
    return "0 Invalid argument";
  }
  const auto& refused = options_.refused_info_types;
  if (type < 1 || type > 11 || std::find(refused.begin(), refused.end(), type) != refused.end()) {
    return "0 Unsupported guest info type";
  }
  guest_info_[type] = std::string(arguments.substr(space + 1));
  ++guest_info_counts_[type];
  return kOk;
}

std::string RpciStore::StateChangeStatus(absl::string_view arguments) {
  const std::vector<std::string> fields =
      absl::StrSplit(TextWithoutSpace(arguments), ' ', absl::SkipEmpty());
  StateChange change;
  change.time = absl::Now();
  if (fields.size() != 2 || !absl::SimpleAtoi(fields[0], &change.status) ||
      !absl::SimpleAtoi(fields[1], &change.state)) {
    return "0 Invalid argument";
  }
  state_changes_.push_back(change);
  return kOk;
}

std::string RpciStore::Tools(absl::string_view command, absl::string_view arguments) {
  const std::string text(TextWithoutSpace(arguments));
  if (command == "tools.set.version") {
    tools_version_ = text;
  } else if (command == "tools.set.versiontype") {
    const std::pair<std::string, std::string> fields = absl::StrSplit(text, ' ');
    tools_version_ = fields.first;
    tools_version_type_ = fields.second;
  } else if (absl::ConsumePrefix(&command, "tools.capability.")) {
    capabilities_[std::string(command)] = text;
  } else if (absl::StartsWith(command, "vmx.capability.")) {
    capabilities_[std::string(command)] = text;
  }
  return kOk;
}

}  // namespace toolboxd::vmxsim
