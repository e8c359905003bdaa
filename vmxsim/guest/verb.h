// SPDX-License-Identifier: Apache-2.0

// What the verbs of `vmxsim guest` share: arguments, and how an outcome is reported.

#ifndef TOOLBOXD_VMXSIM_GUEST_VERB_H_
#define TOOLBOXD_VMXSIM_GUEST_VERB_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "vmxsim/guest/guest_client.h"

namespace toolboxd::vmxsim {

// A verb's own arguments: `--name=value` and `-x` options first, then the rest.
class Arguments {
 public:
  explicit Arguments(const std::vector<std::string>& words);

  bool Has(absl::string_view option) const;
  // The last value of an option; `fallback` without one.
  std::string Value(absl::string_view option, absl::string_view fallback = "") const;
  std::vector<std::string> Values(absl::string_view option) const;
  const std::vector<std::string>& rest() const { return rest_; }

 private:
  std::vector<std::string> options_;
  std::vector<std::string> rest_;
};

// One verb. InvalidArgument means wrong use, and its usage line is shown; another
// failure is shown as it is.
struct Verb {
  const char* name;
  // Its name and arguments.
  const char* usage;
  // What it does, in one line.
  const char* help;
  absl::Status (*run)(GuestClient& client, const Arguments& arguments);
};

// OK for an operation that succeeded, else an error that names the VIX code.
absl::Status Outcome(const absl::StatusOr<GuestReply>& reply);

// A whole number without blanks; INVALID_ARGUMENT names the text.
absl::StatusOr<int64_t> ParseNumber(absl::string_view text, int base = 10);

// The verbs of `vmxsim guest`, by subject.
const std::vector<Verb>& FileVerbs();
const std::vector<Verb>& ProcessVerbs();
const std::vector<Verb>& TransferVerbs();
const std::vector<Verb>& OtherVerbs();

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_GUEST_VERB_H_
