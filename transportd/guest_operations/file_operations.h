// SPDX-License-Identifier: Apache-2.0

// Guest operations on files (docs/protocol/vix.md 4.6): VIX bodies to calls of hgfsd and back.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_FILE_OPERATIONS_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_FILE_OPERATIONS_H_

#include "transportd/guest_operations/guest_call.h"
#include "transportd/guest_operations/user_files.h"

namespace toolboxd {

// Each decodes the body first, so that a malformed one is told without a login.
Outcome ListFiles(GuestCall& call, const UserFilesDeps& deps);
Outcome CreateDirectory(GuestCall& call, const UserFilesDeps& deps);
Outcome DeleteDirectory(GuestCall& call, const UserFilesDeps& deps);
Outcome DeleteFile(GuestCall& call, const UserFilesDeps& deps);
Outcome MoveFile(GuestCall& call, const UserFilesDeps& deps);
Outcome MoveDirectory(GuestCall& call, const UserFilesDeps& deps);
Outcome CreateTemporaryFile(GuestCall& call, const UserFilesDeps& deps);
Outcome CreateTemporaryDirectory(GuestCall& call, const UserFilesDeps& deps);
Outcome SetFileAttributes(GuestCall& call, const UserFilesDeps& deps);
Outcome TransferFromGuest(GuestCall& call, const UserFilesDeps& deps);
Outcome TransferToGuest(GuestCall& call, const UserFilesDeps& deps);

// The old VIX API's.
Outcome LegacyExists(GuestCall& call, const UserFilesDeps& deps);
Outcome LegacyFileInfo(GuestCall& call, const UserFilesDeps& deps);
Outcome LegacyListDirectory(GuestCall& call, const UserFilesDeps& deps);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_FILE_OPERATIONS_H_
