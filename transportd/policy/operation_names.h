// SPDX-License-Identifier: Apache-2.0

// What guest operations are called in the policy file and in audit records.

#ifndef TOOLBOXD_TRANSPORTD_POLICY_OPERATION_NAMES_H_
#define TOOLBOXD_TRANSPORTD_POLICY_OPERATION_NAMES_H_

#include "absl/strings/string_view.h"

namespace toolboxd {

// vSphere's names; HgfsSendPacket, which has none, is a packet of a file's content.
inline constexpr absl::string_view kOperationNames[] = {
    "AcquireCredentialsInGuest",
    "ChangeFileAttributesInGuest",
    "CreateTemporaryDirectoryInGuest",
    "CreateTemporaryFileInGuest",
    "DeleteDirectoryInGuest",
    "DeleteFileInGuest",
    "HgfsSendPacket",
    "InitiateFileTransferFromGuest",
    "InitiateFileTransferToGuest",
    "ListFilesInGuest",
    "ListProcessesInGuest",
    "MakeDirectoryInGuest",
    "MoveDirectoryInGuest",
    "MoveFileInGuest",
    "ReadEnvironmentVariableInGuest",
    "ReleaseCredentialsInGuest",
    "StartProgramInGuest",
    "TerminateProcessInGuest",
    "ValidateCredentialsInGuest",
};

constexpr bool IsOperationName(absl::string_view name) {
  for (const absl::string_view known : kOperationNames) {
    if (known == name) return true;
  }
  return false;
}

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_POLICY_OPERATION_NAMES_H_
