// SPDX-License-Identifier: Apache-2.0

// Copies extended attributes and ACLs to a file that replaces another one.

#ifndef TOOLBOXD_HGFSD_FS_EXTENDED_ATTRIBUTES_H_
#define TOOLBOXD_HGFSD_FS_EXTENDED_ATTRIBUTES_H_

#include <sys/types.h>

#include "absl/status/status.h"

namespace toolboxd::hgfsd {

// What to do about an attribute that the new file's file system does not support.
enum class IfUnsupported { kSkip, kFail };

// Copies the extended attributes, ACLs included, of one file to another, except those that
// describe content (security.ima, security.evm, security.capability). Removes an ACL that the
// new file has from its directory if the old file has none. A full file system is an error in
// any case.
//
// Both descriptors may be O_PATH. Call it while the new file's permission bits are still closed:
// setting them grants what its ACL grants.
absl::Status CopyExtendedAttributes(int from, int to, IfUnsupported if_unsupported);

// Copies the capabilities that a program gets when it is executed (security.capability), for a
// file with the same content. Set the owner first: changing it removes capabilities. Where the
// user may not set them, or the file system does not support them, the new file has none.
absl::Status CopyCapabilities(int from, int to);

// The permission bits for `to`, a copy of `from` whose bits are `mode`. In a file with an ACL the
// group's bits are the ACL's mask; if the copy could not get the ACL, they become what the ACL
// grants the group itself.
mode_t PermissionsOfCopy(int from, int to, mode_t mode);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_EXTENDED_ATTRIBUTES_H_
