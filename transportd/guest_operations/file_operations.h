// SPDX-License-Identifier: Apache-2.0

// Guest operations on files (docs/protocol/vix.md 4.6): VIX bodies to calls of hgfsd and back.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_FILE_OPERATIONS_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_FILE_OPERATIONS_H_

#include "transportd/guest_operations/guest_call.h"
#include "transportd/guest_operations/guest_services.h"

namespace toolboxd {

// Each decodes the body first, so that a malformed one is refused without a login.
Outcome ListFiles(GuestCall& call, const GuestServices& services);
Outcome CreateDirectory(GuestCall& call, const GuestServices& services);
Outcome DeleteDirectory(GuestCall& call, const GuestServices& services);
Outcome DeleteFile(GuestCall& call, const GuestServices& services);
Outcome MoveFile(GuestCall& call, const GuestServices& services);
Outcome MoveDirectory(GuestCall& call, const GuestServices& services);
Outcome CreateTemporaryFile(GuestCall& call, const GuestServices& services);
Outcome CreateTemporaryDirectory(GuestCall& call, const GuestServices& services);
Outcome SetFileAttributes(GuestCall& call, const GuestServices& services);
Outcome TransferFromGuest(GuestCall& call, const GuestServices& services);
Outcome TransferToGuest(GuestCall& call, const GuestServices& services);

// Operations of the old VIX API.
Outcome LegacyExists(GuestCall& call, const GuestServices& services);
Outcome LegacyFileInfo(GuestCall& call, const GuestServices& services);
Outcome LegacyListDirectory(GuestCall& call, const GuestServices& services);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_FILE_OPERATIONS_H_
