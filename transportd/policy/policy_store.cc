// SPDX-License-Identifier: Apache-2.0

#include "transportd/policy/policy_store.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/host_port.h"
#include "base/log.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "base/strict_modes.h"
#include "transportd/policy/user_list.h"

namespace toolboxd {
namespace {

// Every packet of a transfer asks; a directory server must not have to answer each time.
constexpr absl::Duration kVerdictAge = absl::Seconds(5);
constexpr size_t kMaxVerdicts = 1024;

absl::Status Refuse(absl::string_view what) {
  return MakeError(v1::DISABLED_BY_POLICY, absl::StrCat("the policy does not allow ", what));
}

// Characters with which the shell that runs a program could start another one, write a
// file, or expand something.
bool HasShellOperators(absl::string_view arguments) {
  return arguments.find_first_of(";&|`$()<>\n\\*?[]{}!~#") != absl::string_view::npos;
}

bool IsLoopback(absl::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  const std::vector<absl::string_view> parts = absl::StrSplit(host, '.');
  if (parts.size() != 4 || parts[0] != "127") return false;
  return std::all_of(parts.begin(), parts.end(), [](absl::string_view part) {
    uint32_t number = 0;
    return absl::SimpleAtoi(part, &number) && number <= 255;
  });
}

}  // namespace

absl::StatusOr<v1::Policy> ParsePolicy(absl::string_view text) {
  v1::Policy policy;
  const absl::Status status = ParseTextProto(text, policy);
  if (!status.ok()) return status;
  // A misspelled operation must not silently stay enabled.
  for (const std::string& operation : policy.disabled_operations()) {
    if (!ParseOperation(operation).has_value()) {
      const auto append_name = [](std::string* out, const OperationName& known) {
        absl::StrAppend(out, known.name);
      };
      return absl::InvalidArgumentError(absl::StrCat(
          "disabled_operations: there is no operation \"", operation, "\"; the operations are ",
          absl::StrJoin(kOperationNames, ", ", append_name)));
    }
  }
  // Nor a destination silently stay closed.
  for (const std::string& destination : policy.http_destinations()) {
    const std::optional<HostAndPortText> split = SplitHostPort(destination);
    if (!split || (split->port != "*" && !ParsePort(split->port))) {
      return absl::InvalidArgumentError(absl::StrCat(
          "http_destinations: \"", destination,
          "\" is not a valid HOST:PORT; an IPv6 address is written in brackets, as [::1]:80"));
    }
  }
  return policy;
}

PolicyStore::PolicyStore(std::string path) : path_(std::move(path)) { Load().IgnoreError(); }

absl::Status PolicyStore::Load() {
  verdicts_.clear();
  disabled_.reset();
  const absl::Status strict = CheckStrictModes(path_);
  absl::StatusOr<std::string> text = strict.ok() ? ReadTextFile(path_) : strict;
  state_ = {.found = !absl::IsNotFound(text.status()), .faults = {}};
  if (!state_.found) {
    policy_.Clear();
    broken_ = false;
    return absl::OkStatus();
  }
  absl::StatusOr<v1::Policy> policy =
      text.ok() ? ParsePolicy(*text) : absl::StatusOr<v1::Policy>(text.status());
  broken_ = !policy.ok();
  if (broken_) {
    state_.faults = {absl::StrCat(path_, ": ", policy.status().message())};
    LogError("every guest operation is refused until the policy is corrected: ",
             state_.faults.front());
    return policy.status();
  }
  policy_ = *std::move(policy);
  for (const std::string& name : policy_.disabled_operations()) {
    disabled_.set(static_cast<size_t>(*ParseOperation(name)));
  }
  WarnOfUnknown("allow", policy_.allow());
  WarnOfUnknown("deny", policy_.deny());
  LogInfo("policy read from ", path_);
  return absl::OkStatus();
}

absl::Status PolicyStore::CheckOperation(Operation operation) const {
  if (broken_) return Refuse("anything: its file is broken");
  if (policy_.disable_guest_operations()) return Refuse("guest operations");
  if (disabled_.test(static_cast<size_t>(operation))) return Refuse(Name(operation));
  return absl::OkStatus();
}

absl::Status PolicyStore::CheckUser(const std::string& user) {
  if (broken_) return Refuse("any user: its file is broken");
  const absl::Time now = SteadyNow();
  const auto known = verdicts_.find(user);
  if (known != verdicts_.end() && now - known->second.time < kVerdictAge) {
    return known->second.status;
  }
  if (verdicts_.size() >= kMaxVerdicts) verdicts_.clear();
  Verdict& verdict = verdicts_[user];
  verdict = {now, FindVerdict(user)};
  return verdict.status;
}

absl::Status PolicyStore::FindVerdict(const std::string& user) const {
  // If the user database does not answer, the user may be one of those who are denied.
  if (IsListed(policy_.deny(), user) != Listed::kNo) return Refuse("this user");
  if (policy_.allow().empty()) return absl::OkStatus();
  return IsListed(policy_.allow(), user) == Listed::kYes ? absl::OkStatus() : Refuse("this user");
}

absl::Status PolicyStore::CheckProgram(const ProgramStart& start) const {
  if (broken_) return Refuse("any program: its file is broken");
  if (policy_.programs().empty()) return absl::OkStatus();
  const auto& programs = policy_.programs();
  if (std::find(programs.begin(), programs.end(), start.program) == programs.end()) {
    return Refuse("this program");
  }
  if (HasShellOperators(start.arguments)) return Refuse("shell operators in arguments");
  // BASH_ENV, LD_PRELOAD, PATH and others make a program run something else.
  return start.has_environment ? Refuse("an environment given by the caller") : absl::OkStatus();
}

absl::Status PolicyStore::CheckHttpDestination(absl::string_view destination) const {
  if (broken_) return Refuse("any destination: its file is broken");
  const std::optional<HostPort> parsed = ParseHostPort(destination);
  if (!parsed) return MakeError(v1::INVALID_ARGUMENT, "the destination is not HOST:PORT");
  if (IsLoopback(parsed->host) || IsHttpDestinationListed(destination)) return absl::OkStatus();
  return Refuse("this destination");
}

bool PolicyStore::IsHttpDestinationListed(absl::string_view destination) const {
  const std::optional<HostPort> parsed = ParseHostPort(destination);
  if (broken_ || !parsed) return false;
  for (const std::string& entry : policy_.http_destinations()) {
    const std::optional<HostAndPortText> allowed = SplitHostPort(entry);
    if (allowed && (allowed->host == "*" || allowed->host == parsed->host) &&
        (allowed->port == "*" || ParsePort(allowed->port) == parsed->port)) {
      return true;
    }
  }
  return false;
}

}  // namespace toolboxd
