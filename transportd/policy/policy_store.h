// SPDX-License-Identifier: Apache-2.0

// The administrator's policy for guest operations (proto/toolboxd/v1/policy.proto).

#ifndef TOOLBOXD_TRANSPORTD_POLICY_POLICY_STORE_H_
#define TOOLBOXD_TRANSPORTD_POLICY_POLICY_STORE_H_

#include <bitset>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/config_file.h"
#include "toolboxd/v1/policy.pb.h"
#include "transportd/operation/operation.h"
#include "transportd/policy/user_rules.h"

namespace toolboxd {

// Text format. The error names line and column, or the field with an invalid value.
absl::StatusOr<v1::Policy> ParsePolicy(absl::string_view text);

// A program that a guest user wants to start.
struct ProgramStart {
  absl::string_view program;
  absl::string_view arguments;
  // Empty: the caller names none.
  absl::string_view working_directory = "";
  // Whether the caller gives environment variables.
  bool has_environment = false;
};

// Answers what the policy file permits. A missing file permits everything; one that cannot be read
// or parsed, or that others could write (base/strict_modes.h), permits nothing, until it can.
// Refusals carry the reason DISABLED_BY_POLICY. Not thread-safe; a copy answers what was read by
// then.
class PolicyStore {
 public:
  // Reads the file; see Load().
  explicit PolicyStore(std::string path);

  // Reads the file again. The result is logged and returned.
  absl::Status Load();
  // The result of the last Load().
  const ConfigurationState& state() const { return state_; }

  const std::string& path() const { return path_; }
  // What was read last without an error; and whether the last reading failed, which permits
  // nothing.
  const v1::Policy& policy() const { return policy_; }
  bool is_broken() const { return broken_; }

  absl::Status CheckOperation(Operation operation) const;
  // Whether a directory takes uploads by its own path too.
  bool UnpacksUnasked() const { return !policy_.explicit_archives(); }
  // Whether CheckOperation() refuses every operation.
  bool RefusesAll() const { return broken_ || policy_.disable_guest_operations(); }
  // What the policy says about users, as of the last Load(). Another one after each.
  const std::shared_ptr<const UserRules>& user_rules() const { return user_rules_; }
  // The working directory to start the program in; empty for the user's home. If the policy lists
  // programs, arguments and environment must not be able to start another one: shell operators and
  // any environment of the caller are refused.
  absl::StatusOr<std::string> CheckProgram(const ProgramStart& start) const;
  // `destination` is "host:port" of an HTTP round trip: on the loopback interface, or listed.
  absl::Status CheckHttpDestination(absl::string_view destination) const;
  // Whether it is listed, by itself or by a "*". Only then may the name resolve to an address other
  // than a loopback one.
  bool IsHttpDestinationListed(absl::string_view destination) const;
  // Whether its address may be on the loopback interface, to which any name may resolve.
  bool MayReachLoopback(absl::string_view destination) const;

 private:
  // Whether an entry with the host "*" counts.
  enum class Wildcards { kCount, kAreNoHost };
  bool IsListed(absl::string_view destination, Wildcards wildcards) const;

  const std::string path_;
  v1::Policy policy_;
  // policy_'s disabled operations, by Operation.
  std::bitset<kOperations> disabled_;
  ConfigurationState state_;
  // The file could not be read or parsed.
  bool broken_ = false;
  std::shared_ptr<const UserRules> user_rules_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_POLICY_POLICY_STORE_H_
