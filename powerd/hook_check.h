// SPDX-License-Identifier: Apache-2.0

// Whether the scripts of power events are the administrator's alone: they run as root.

#ifndef TOOLBOXD_POWERD_HOOK_CHECK_H_
#define TOOLBOXD_POWERD_HOOK_CHECK_H_

#include <string>

#include "absl/status/status.h"

namespace toolboxd {

// PERMISSION_DENIED where a user besides root and this process's own could exchange the file or
// folder: it, or a folder on the way to it, belongs to another user or may be written by group or
// others. A folder on the way may be sticky instead. For a symbolic link this is what it leads to,
// and the folder of the link is for the caller to check. The error says what to do.
absl::Status CheckNotWritable(const std::string& path);

// CheckNotWritable for the folder and for all that is in it. OK where there is no such folder.
absl::Status CheckHooks(const std::string& folder);

}  // namespace toolboxd

#endif  // TOOLBOXD_POWERD_HOOK_CHECK_H_
