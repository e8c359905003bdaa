// SPDX-License-Identifier: Apache-2.0

// Whether only the administrator can change a file that decides what others may do.

#ifndef TOOLBOXD_BASE_STRICT_MODES_H_
#define TOOLBOXD_BASE_STRICT_MODES_H_

#include <string>

#include "absl/status/status.h"

namespace toolboxd {

// Requires that a file or folder, its folder, and every folder above belong to root, and that
// neither their groups nor others may write to them; above its folder, a sticky one such as /tmp is
// accepted. For a link, both the folder that it is in and what it leads to count. A missing file is
// judged by the folders above. Where the caller is a person (a user id from 1000 up, as
// login.defs(5) draws the line), who may be developing, what belongs to the caller is accepted too.
// PERMISSION_DENIED names the path and the command that corrects it.
absl::Status CheckStrictModes(const std::string& path);

// The same, and if the path is a folder, for everything in it, but not in folders below.
absl::Status CheckStrictModesOfAll(const std::string& path);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_STRICT_MODES_H_
