// SPDX-License-Identifier: Apache-2.0

// `vmxsim customize`: the host's part of a customization (docs/protocol/customization.md 9.1).

#ifndef TOOLBOXD_VMXSIM_CUSTOMIZE_VERB_H_
#define TOOLBOXD_VMXSIM_CUSTOMIZE_VERB_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace toolboxd::vmxsim {

inline constexpr char kCustomizeHelp[] =
    "customize the guest with a package, follow its states, say whether it succeeded";

struct CustomizeOptions {
  std::string control;
  // The file of a finished package; empty: one is made of the files below.
  std::string package;
  std::string cust_cfg;
  std::string metadata;
  std::string userdata;
  // NAME=FILE each.
  std::vector<std::string> files;
  bool mszip = false;
  bool ignore_cloud_init = false;
  // The command of the header; empty: the one of real packages.
  std::string command;
  bool skip_reboot = false;
  // The name of the package in the inbox.
  std::string name = "imcf-vmxsim";
  // Other paths than the inbox and the name.
  std::string upload_path;
  std::string deploy_path;
  bool no_upload = false;
  bool twice = false;
  absl::Duration timeout = absl::Minutes(2);
};

// CANCELLED: help was printed. INVALID_ARGUMENT: a message for the user.
absl::Status ParseCustomizeOptions(const std::vector<std::string>& words,
                                   CustomizeOptions& options);

// The package of the options: read, or made.
absl::StatusOr<std::string> PackageOf(const CustomizeOptions& options);

// Whether no state follows this one ("5 0 /log"): success, or a failure.
bool IsLastState(absl::string_view state);

// The verb. Returns the exit code: 0 if the guest reports success.
int CustomizeMain(const std::vector<std::string>& words);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_CUSTOMIZE_VERB_H_
