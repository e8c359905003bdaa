// SPDX-License-Identifier: Apache-2.0

// Makes entries and holds them: what stands at the name afterwards may be something else.

#ifndef TOOLBOXD_HGFSD_FS_MAKE_H_
#define TOOLBOXD_HGFSD_FS_MAKE_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace toolboxd::hgfsd {

// Each makes the new entry `name` of the directory open as `directory`, and returns a descriptor
// of what it made: attributes are set through it. ALREADY_EXISTS; BUSY if another process has put
// something else in its place.

// A regular file, open for reading and writing.
absl::StatusOr<UniqueFd> MakeFile(int directory, const std::string& name, mode_t mode);
// A directory, O_RDONLY.
absl::StatusOr<UniqueFd> MakeDirectoryHeld(int directory, const std::string& name, mode_t mode);
// A symbolic link, O_PATH.
absl::StatusOr<UniqueFd> MakeLink(int directory, const std::string& name,
                                  const std::string& target);
// A pipe or a device, O_PATH. `mode` has the type.
absl::StatusOr<UniqueFd> MakeNode(int directory, const std::string& name, mode_t mode,
                                  dev_t device);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_MAKE_H_
