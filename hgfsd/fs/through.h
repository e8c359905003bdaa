// SPDX-License-Identifier: Apache-2.0

// Through: a name for what a descriptor holds, whatever stands at its path now.

#ifndef TOOLBOXD_HGFSD_FS_THROUGH_H_
#define TOOLBOXD_HGFSD_FS_THROUGH_H_

#include <string>

namespace toolboxd::hgfsd {

// "/proc/self/fd/FD": system calls that refuse O_PATH descriptors reach the held file by it. It
// is the file itself also if that is a symbolic link: the kernel follows it no further.
inline std::string Through(int fd) { return "/proc/self/fd/" + std::to_string(fd); }

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_THROUGH_H_
