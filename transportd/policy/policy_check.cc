// SPDX-License-Identifier: Apache-2.0

#include "transportd/policy/policy_check.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "base/config_file.h"
#include "base/utf8.h"
#include "google/protobuf/text_format.h"
#include "transportd/operation/operation.h"
#include "transportd/policy/user_list.h"

namespace toolboxd {
namespace {

constexpr absl::string_view kRoundTrip = "http.RoundTrip";

// What decides: an entry of a field of the policy, or no entry.
struct Decision {
  bool permitted = true;
  std::string reason;
  // The name of a field of v1::Policy; empty if no field decides.
  std::string field = "";
  int index = 0;
};

// The first entry that names the user; nothing if none does.
std::optional<int> EntryOf(const UserList& list, const std::string& user, Listed wanted) {
  for (int i = 0; i < list.size(); ++i) {
    UserList one;
    *one.Add() = list[i];
    if (IsListed(one, user) == wanted) return i;
  }
  return std::nullopt;
}

std::optional<int> IndexOf(const google::protobuf::RepeatedPtrField<std::string>& list,
                           absl::string_view text) {
  const auto found = std::find(list.begin(), list.end(), text);
  if (found == list.end()) return std::nullopt;
  return static_cast<int>(found - list.begin());
}

Decision ExplainOperation(const PolicyStore& store, const std::string& name) {
  if (store.is_broken()) {
    return {.permitted = false,
            .reason = absl::StrCat("the policy is broken, and permits nothing: ",
                                   absl::StrJoin(store.state().faults, "; "))};
  }
  if (store.policy().disable_guest_operations()) {
    return {.permitted = false,
            .reason = "guest operations are disabled",
            .field = "disable_guest_operations"};
  }
  return {.permitted = false,
          .reason = absl::StrCat("disabled_operations lists ", name),
          .field = "disabled_operations",
          .index = IndexOf(store.policy().disabled_operations(), name).value_or(0)};
}

Decision ExplainRefusedUser(const v1::Policy& policy, const std::string& user) {
  if (const std::optional<int> entry = EntryOf(policy.deny(), user, Listed::kYes)) {
    return {.permitted = false,
            .reason = absl::StrCat("deny lists ", policy.deny(*entry)),
            .field = "deny",
            .index = *entry};
  }
  if (IsListed(policy.deny(), user) == Listed::kUnknown) {
    return {.permitted = false,
            .reason = "the machine's user database does not say whether deny lists the user",
            .field = "deny"};
  }
  return {.permitted = false,
          .reason = "allow lists neither the user nor a group of the user's",
          .field = "allow"};
}

Decision ExplainPermittedUser(const v1::Policy& policy, const std::string& user) {
  if (const std::optional<int> entry = EntryOf(policy.allow(), user, Listed::kYes)) {
    return {.reason = absl::StrCat("allow lists ", policy.allow(*entry)),
            .field = "allow",
            .index = *entry};
  }
  return {.reason = "nothing in the policy refuses it"};
}

Decision ExplainProgram(const v1::Policy& policy, const std::string& program,
                        const absl::Status& checked, Decision user) {
  if (policy.programs().empty() && policy.fixed_programs().empty()) return user;
  Decision decision = {.permitted = checked.ok(), .reason = std::string(checked.message())};
  if (const std::optional<int> entry = IndexOf(policy.programs(), program)) {
    decision.field = "programs";
    decision.index = *entry;
    if (checked.ok()) decision.reason = absl::StrCat("programs lists ", program);
    return decision;
  }
  const auto& fixed = policy.fixed_programs();
  const auto found = std::find_if(fixed.begin(), fixed.end(), [&](const v1::FixedProgram& entry) {
    return entry.program() == program;
  });
  if (found != fixed.end()) {
    decision.field = "fixed_programs";
    decision.index = static_cast<int>(found - fixed.begin());
    if (checked.ok()) {
      decision.reason =
          absl::StrCat("fixed_programs lists ", program, ", in ", found->working_directory());
    }
    return decision;
  }
  decision.field = policy.programs().empty() ? "fixed_programs" : "programs";
  decision.reason = absl::StrCat("the lists of programs do not have ", program);
  return decision;
}

Decision ExplainDestination(const v1::Policy& policy, const std::string& destination,
                            const absl::Status& checked) {
  if (checked.ok()) {
    return {.reason = absl::StrCat("the policy permits the destination ", destination)};
  }
  return {.permitted = false,
          .reason = absl::StrCat(checked.message(), ": ", destination),
          .field = !policy.http_loopback_ports().empty() ? "http_loopback_ports"
                   : !policy.http_destinations().empty() ? "http_destinations"
                                                         : ""};
}

Decision Decide(const PolicyStore& store, Operation operation,
                const v1::CheckPolicyRequest& request) {
  const v1::Policy& policy = store.policy();
  if (!store.CheckOperation(operation).ok()) return ExplainOperation(store, request.operation());
  if (!store.user_rules()->Check(request.user()).ok()) {
    return ExplainRefusedUser(policy, request.user());
  }
  Decision user = ExplainPermittedUser(policy, request.user());
  if (operation != Operation::kStartProgram || request.target().empty()) return user;
  const absl::Status program = store.CheckProgram({request.target(), request.arguments()}).status();
  if (program.ok() && request.target() == kRoundTrip && !request.arguments().empty()) {
    return ExplainDestination(policy, request.arguments(),
                              store.CheckHttpDestination(request.arguments()));
  }
  return ExplainProgram(policy, request.target(), program, std::move(user));
}

// The entry's text as the file has it between quotation marks; empty for a field without one.
std::string QuotedEntry(const v1::Policy& policy, const Decision& decision) {
  const google::protobuf::FieldDescriptor* field =
      policy.GetDescriptor()->FindFieldByName(decision.field);
  std::string text;
  if (field->name() == "fixed_programs") {
    text = policy.fixed_programs(decision.index).program();
  } else if (field->is_repeated() &&
             field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
    text = policy.GetReflection()->GetRepeatedString(policy, field, decision.index);
  }
  return text.empty() ? "" : absl::StrCat("\"", text, "\"");
}

// Where the entry is in the file, by its number from 0; -1 if that is not known.
int LineOf(const google::protobuf::TextFormat::ParseInfoTree& tree, const v1::Policy& policy,
           const Decision& decision, const std::vector<absl::string_view>& lines) {
  const google::protobuf::FieldDescriptor* field =
      policy.GetDescriptor()->FindFieldByName(decision.field);
  // A list in brackets has one location for all of its entries.
  int line = -1;
  for (int i = field->is_repeated() ? decision.index : -1; line < 0 && i >= -1; --i) {
    if (field->is_repeated() && i < 0) break;
    line = tree.GetLocation(field, i).line;
  }
  const std::string entry = QuotedEntry(policy, decision);
  for (int i = std::max(line, 0); !entry.empty() && i < static_cast<int>(lines.size()); ++i) {
    if (absl::StrContains(lines[i], entry)) return i;
  }
  return line;
}

void AddLine(const PolicyStore& store, const Decision& decision, v1::CheckPolicyReply& reply) {
  const absl::StatusOr<std::string> text = ReadTextFile(store.path());
  if (!text.ok()) {
    reply.set_file_has_changed(store.state().found || !absl::IsNotFound(text.status()));
    return;
  }
  google::protobuf::TextFormat::ParseInfoTree tree;
  google::protobuf::TextFormat::Parser parser;
  parser.WriteLocationsTo(&tree);
  v1::Policy policy;
  const bool parsed = ParsePolicy(*text).ok() && parser.ParseFromString(*text, &policy);
  const bool same = store.state().found && parsed != store.is_broken() &&
                    (!parsed || policy.SerializeAsString() == store.policy().SerializeAsString());
  reply.set_file_has_changed(!same);
  if (!same || !parsed || decision.field.empty()) return;
  const std::vector<absl::string_view> lines = absl::StrSplit(*text, '\n');
  const int line = LineOf(tree, policy, decision, lines);
  if (line < 0 || line >= static_cast<int>(lines.size())) return;
  reply.set_line(line + 1);
  reply.set_text(PrintableUtf8(std::string(lines[line])));
}

}  // namespace

absl::StatusOr<v1::CheckPolicyReply> ExplainPolicy(const PolicyStore& store,
                                                   const v1::CheckPolicyRequest& request) {
  const std::optional<Operation> operation = ParseOperation(request.operation());
  if (!operation.has_value()) {
    const auto append_name = [](std::string* out, const OperationName& known) {
      absl::StrAppend(out, known.name);
    };
    return absl::InvalidArgumentError(
        absl::StrCat("there is no operation \"", request.operation(), "\"; the operations are ",
                     absl::StrJoin(kOperationNames, ", ", append_name)));
  }
  if (request.user().empty()) return absl::InvalidArgumentError("the request names no user");
  const Decision decision = Decide(store, *operation, request);
  v1::CheckPolicyReply reply;
  reply.set_permitted(decision.permitted);
  reply.set_reason(PrintableUtf8(decision.reason));
  reply.set_file(store.path());
  AddLine(store, decision, reply);
  return reply;
}

}  // namespace toolboxd
