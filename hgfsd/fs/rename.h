// SPDX-License-Identifier: Apache-2.0

// A rename that replaces nothing.

#ifndef TOOLBOXD_HGFSD_FS_RENAME_H_
#define TOOLBOXD_HGFSD_FS_RENAME_H_

namespace toolboxd::hgfsd {

// As renameat2(2) with RENAME_NOREPLACE: 0, or -1 and errno, EEXIST where the new name is taken.
// Where the kernel or the file system does not know the flag, as NFS does not, the name is looked
// at before: what another process creates there in between is replaced.
int RenameToFreeName(int from_directory, const char* from, int to_directory, const char* to);

// The same without the flag.
int RenameToFreeNameByLook(int from_directory, const char* from, int to_directory, const char* to);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_RENAME_H_
