// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/audit.h"

namespace toolboxd::hgfs {

absl::string_view AuditName(Operation operation) {
  switch (operation) {
    case Operation::kInitiateFileTransferFromGuest:
      return "FileTransferFromGuest";
    case Operation::kInitiateFileTransferToGuest:
      return "FileTransferToGuest";
    default:
      return Name(operation);
  }
}

std::optional<Operation> OperationOf(Op op) {
  switch (op) {
    case Op::kOpen:
    case Op::kOpenV2:
    case Op::kOpenV3:
      return Operation::kHgfsSendPacket;
    case Op::kSetattr:
    case Op::kSetattrV2:
    case Op::kSetattrV3:
      return Operation::kChangeFileAttributes;
    case Op::kSearchOpen:
    case Op::kSearchOpenV3:
    case Op::kGetattr:
    case Op::kGetattrV2:
    case Op::kGetattrV3:
    case Op::kQueryVolume:
    case Op::kQueryVolumeV3:
      return Operation::kListFiles;
    case Op::kCreateDir:
    case Op::kCreateDirV2:
    case Op::kCreateDirV3:
      return Operation::kMakeDirectory;
    case Op::kDeleteFile:
    case Op::kDeleteFileV2:
    case Op::kDeleteFileV3:
      return Operation::kDeleteFile;
    case Op::kDeleteDir:
    case Op::kDeleteDirV2:
    case Op::kDeleteDirV3:
      return Operation::kDeleteDirectory;
    case Op::kRename:
    case Op::kRenameV2:
    case Op::kRenameV3:
      return Operation::kMoveFile;
    default:
      return std::nullopt;
  }
}

}  // namespace toolboxd::hgfs
