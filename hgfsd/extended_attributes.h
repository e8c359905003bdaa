// SPDX-License-Identifier: Apache-2.0

// Extended attributes and ACLs of a file that takes another one's place.

#ifndef TOOLBOXD_HGFSD_EXTENDED_ATTRIBUTES_H_
#define TOOLBOXD_HGFSD_EXTENDED_ATTRIBUTES_H_

#include <sys/types.h>

#include "absl/status/status.h"

namespace toolboxd::hgfsd {

// Copies extended attributes (ACLs are among them) of one file to another, except those that
// describe content (security.ima, security.evm, security.capability). Attributes that the
// target file system does not know are left out with `lenient`, an error otherwise. An ACL
// that the new file has from its directory and the old one has not is removed.
//
// Both descriptors may be O_PATH. To be called while the new file's permissions are closed:
// opening them opens what its ACL grants.
absl::Status CopyExtendedAttributes(int from, int to, bool lenient);

// Copies the capabilities that a program has when it is executed (security.capability), where
// the content is the same. The owner comes first: a new one takes them away. Like the
// set-user-ID bit without the owner they are left out where the user may not give them, or
// the file system does not know them.
absl::Status CopyCapabilities(int from, int to);

// The permission bits `mode` of `from` for its copy `to`. With an ACL the group's bits are
// the ACL's mask; where the copy could not have the ACL they are what the group itself has.
mode_t PermissionsOfCopy(int from, int to, mode_t mode);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_EXTENDED_ATTRIBUTES_H_
