// SPDX-License-Identifier: Apache-2.0

// Command-line options of vmxsim's verbs: --name, --name=value, --name value, then arguments.

#ifndef TOOLBOXD_VMXSIM_OPTIONS_H_
#define TOOLBOXD_VMXSIM_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace toolboxd::vmxsim {

// Declares one verb's options and parses its command line. The targets are not owned and hold the
// default until they are set. A duration without a unit is in seconds.
class Options {
 public:
  // `usage` is what follows "vmxsim"; `help` describes the verb.
  Options(absl::string_view usage, absl::string_view help) : usage_(usage), help_(help) {}

  void Flag(absl::string_view name, bool* target, absl::string_view help);
  void String(absl::string_view name, std::string* target, absl::string_view help);
  // An option whose value may be left out: then it is `implied`. A value is given by "=" only.
  void OptionalString(absl::string_view name, std::string* target, absl::string_view implied,
                      absl::string_view help);
  void Uint(absl::string_view name, uint64_t* target, absl::string_view help);
  void Duration(absl::string_view name, absl::Duration* target, absl::string_view help);
  // May be given several times.
  void Strings(absl::string_view name, std::vector<std::string>* target, absl::string_view help);

  // Options may also stand after arguments: for verbs that take no command line of their own.
  void AllowAfterArguments() { after_arguments_ = true; }

  // Reads options until "--" or the first argument that is not an option; the rest are `arguments`.
  // CANCELLED: --help was printed. INVALID_ARGUMENT: a message for the user.
  absl::Status Parse(const std::vector<std::string>& words, std::vector<std::string>* arguments);

  std::string Help() const;

 private:
  struct Option {
    std::string name;
    std::string help;
    bool takes_value;
    // Used where no value is given.
    std::optional<std::string> implied;
    std::function<bool(absl::string_view)> set;
  };
  std::string usage_;
  std::string help_;
  std::vector<Option> options_;
  bool after_arguments_ = false;
};

// "1.5s", "200ms", or seconds without a unit.
bool ParseSeconds(absl::string_view text, absl::Duration* duration);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_OPTIONS_H_
