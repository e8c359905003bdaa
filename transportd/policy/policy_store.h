// SPDX-License-Identifier: Apache-2.0

// The administrator's policy for guest operations (proto/toolboxd/v1/policy.proto).

#ifndef TOOLBOXD_TRANSPORTD_POLICY_POLICY_STORE_H_
#define TOOLBOXD_TRANSPORTD_POLICY_POLICY_STORE_H_

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/config_file.h"
#include "toolboxd/v1/policy.pb.h"

namespace toolboxd {

// Text format; the error names line and column, or the field whose value cannot be meant.
absl::StatusOr<v1::Policy> ParsePolicy(absl::string_view text);

// Answers what the policy file permits. A file that is not there permits everything; one
// that cannot be read or parsed permits nothing, until it can. Refusals carry the reason
// DISABLED_BY_POLICY. Not thread-safe.
class PolicyStore {
 public:
  // Reads the file; see Load().
  explicit PolicyStore(std::string path);

  // Reads the file again. The outcome is logged and returned.
  absl::Status Load();
  const ConfigurationState& state() const { return state_; }

  // `operation` is the vSphere name, such as "StartProgramInGuest".
  absl::Status CheckOperation(absl::string_view operation) const;
  // Groups as the machine had them a few seconds ago at most. Where its user database does not
  // answer, nobody passes a file that denies somebody.
  absl::Status CheckUser(const std::string& user);
  // Where only listed programs may be started, arguments and environment must not be able to
  // start another one: shell operators and any environment of the caller's are refused.
  absl::Status CheckProgram(absl::string_view program, absl::string_view arguments,
                            bool has_environment) const;
  // "host:port" of an HTTP round trip: the loopback interface, or what is listed.
  absl::Status CheckHttpDestination(absl::string_view destination) const;
  // Whether it is listed, by itself or by a "*". Only then may the name's address be another than
  // a loopback one.
  bool IsHttpDestinationListed(absl::string_view destination) const;

 private:
  struct Verdict {
    absl::Time time;
    absl::Status status;
  };

  absl::Status LookUser(const std::string& user) const;

  const std::string path_;
  v1::Policy policy_;
  ConfigurationState state_;
  bool broken_ = false;
  // Of CheckUser.
  absl::flat_hash_map<std::string, Verdict> verdicts_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_POLICY_POLICY_STORE_H_
