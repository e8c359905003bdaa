// SPDX-License-Identifier: Apache-2.0

// Folders of scripts that root runs.

#ifndef TOOLBOXD_TOOLBOXCTL_SCRIPT_FOLDER_H_
#define TOOLBOXD_TOOLBOXCTL_SCRIPT_FOLDER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace toolboxd {

// Whether the path is an executable regular file, or a link to one. A regular file that is not
// executable is logged.
bool IsScript(const std::string& path);

// The scripts of a folder, as paths, by the order of their names' bytes, without those whose names
// begin with a point. None if the folder is missing.
absl::StatusOr<std::vector<std::string>> ScriptsIn(const std::string& folder);

// PERMISSION_DENIED if others than root could change one of them (base/strict_modes.h).
absl::Status CheckModes(const std::vector<std::string>& scripts);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_SCRIPT_FOLDER_H_
