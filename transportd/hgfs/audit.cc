// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/audit.h"

namespace toolboxd::hgfs {

absl::string_view AuditName(Op op) {
  switch (op) {
    case Op::kOpen:
    case Op::kOpenV2:
    case Op::kOpenV3:
      return "HgfsSendPacket";
    case Op::kSetattr:
    case Op::kSetattrV2:
    case Op::kSetattrV3:
      return "ChangeFileAttributesInGuest";
    case Op::kSearchOpen:
    case Op::kSearchOpenV3:
      return "ListFilesInGuest";
    case Op::kCreateDir:
    case Op::kCreateDirV2:
    case Op::kCreateDirV3:
      return "MakeDirectoryInGuest";
    case Op::kDeleteFile:
    case Op::kDeleteFileV2:
    case Op::kDeleteFileV3:
      return "DeleteFileInGuest";
    case Op::kDeleteDir:
    case Op::kDeleteDirV2:
    case Op::kDeleteDirV3:
      return "DeleteDirectoryInGuest";
    case Op::kRename:
    case Op::kRenameV2:
    case Op::kRenameV3:
      return "MoveFileInGuest";
    default:
      return "";
  }
}

}  // namespace toolboxd::hgfs
