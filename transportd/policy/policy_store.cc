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
#include "base/strict_modes.h"
#include "transportd/policy/user_list.h"

namespace toolboxd {
namespace {

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

bool IsPort(uint32_t port, const v1::Policy& policy) {
  const auto& ports = policy.http_loopback_ports();
  return std::find(ports.begin(), ports.end(), port) != ports.end();
}

// Nor a port or a directory silently have no effect.
absl::Status CheckMeaning(const v1::Policy& policy) {
  for (const uint32_t port : policy.http_loopback_ports()) {
    if (port > 65535) {
      return absl::InvalidArgumentError(
          absl::StrCat("http_loopback_ports: ", port, " is not a port"));
    }
  }
  for (const v1::FixedProgram& fixed : policy.fixed_programs()) {
    for (const std::string& path : {fixed.program(), fixed.working_directory()}) {
      if (absl::StartsWith(path, "/")) continue;
      return absl::InvalidArgumentError(
          absl::StrCat("fixed_programs: \"", path,
                       "\" is not an absolute path; both fields of an entry are needed"));
    }
  }
  return absl::OkStatus();
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
  if (absl::Status meaning = CheckMeaning(policy); !meaning.ok()) return meaning;
  return policy;
}

PolicyStore::PolicyStore(std::string path) : path_(std::move(path)) { Load().IgnoreError(); }

absl::Status PolicyStore::Load() {
  disabled_.reset();
  user_rules_ = std::make_shared<UserRules>();
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
    user_rules_ = std::make_shared<UserRules>(UserRules::RefuseAll());
    return policy.status();
  }
  policy_ = *std::move(policy);
  for (const std::string& name : policy_.disabled_operations()) {
    disabled_.set(static_cast<size_t>(*ParseOperation(name)));
  }
  user_rules_ = std::make_shared<UserRules>(policy_.disable_guest_operations()
                                                ? UserRules::RefuseAll()
                                                : UserRules(policy_.allow(), policy_.deny()));
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

absl::StatusOr<std::string> PolicyStore::CheckProgram(const ProgramStart& start) const {
  if (broken_) return Refuse("any program: its file is broken");
  const auto& programs = policy_.programs();
  const auto& fixed = policy_.fixed_programs();
  std::string directory(start.working_directory);
  if (programs.empty() && fixed.empty()) return directory;
  if (std::find(programs.begin(), programs.end(), start.program) == programs.end()) {
    const auto is_program = [&](const v1::FixedProgram& entry) {
      return entry.program() == start.program;
    };
    if (std::none_of(fixed.begin(), fixed.end(), is_program)) return Refuse("this program");
    const auto entry = std::find_if(fixed.begin(), fixed.end(), [&](const auto& candidate) {
      return is_program(candidate) &&
             (directory.empty() || directory == candidate.working_directory());
    });
    if (entry == fixed.end()) return Refuse("this working directory of the program");
    directory = entry->working_directory();
  }
  if (HasShellOperators(start.arguments)) return Refuse("shell operators in arguments");
  // BASH_ENV, LD_PRELOAD, PATH and others make a program run something else.
  if (start.has_environment) return Refuse("an environment given by the caller");
  return directory;
}

absl::Status PolicyStore::CheckHttpDestination(absl::string_view destination) const {
  if (broken_) return Refuse("any destination: its file is broken");
  const std::optional<HostPort> parsed = ParseHostPort(destination);
  if (!parsed) return MakeError(v1::INVALID_ARGUMENT, "the destination is not HOST:PORT");
  const bool allowed = IsLoopback(parsed->host) ? MayReachLoopback(destination)
                                                : IsHttpDestinationListed(destination);
  return allowed ? absl::OkStatus() : Refuse("this destination");
}

bool PolicyStore::IsHttpDestinationListed(absl::string_view destination) const {
  return IsListed(destination, Wildcards::kCount);
}

bool PolicyStore::MayReachLoopback(absl::string_view destination) const {
  const std::optional<HostPort> parsed = ParseHostPort(destination);
  if (broken_ || !parsed) return false;
  return policy_.http_loopback_ports().empty() || IsPort(parsed->port, policy_) ||
         IsListed(destination, Wildcards::kAreNoHost);
}

bool PolicyStore::IsListed(absl::string_view destination, Wildcards wildcards) const {
  const std::optional<HostPort> parsed = ParseHostPort(destination);
  if (broken_ || !parsed) return false;
  for (const std::string& entry : policy_.http_destinations()) {
    const std::optional<HostAndPortText> allowed = SplitHostPort(entry);
    if (!allowed) continue;
    const bool any_host = allowed->host == "*" && wildcards == Wildcards::kCount;
    if ((any_host || allowed->host == parsed->host) &&
        (allowed->port == "*" || ParsePort(allowed->port) == parsed->port)) {
      return true;
    }
  }
  return false;
}

}  // namespace toolboxd
