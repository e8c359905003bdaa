// SPDX-License-Identifier: Apache-2.0

// VIX opcodes that a guest knows (docs/protocol/vix.md 4.5).

#ifndef TOOLBOXD_TRANSPORTD_VIX_OPCODE_H_
#define TOOLBOXD_TRANSPORTD_VIX_OPCODE_H_

#include <cstdint>

namespace toolboxd::vix {

// docs/protocol/vix.md 4.5, 4.8.
enum Opcode : uint32_t {
  // These belong to the old VIX API; vSphere does not send them.
  kRunProgram = 4,
  kReadRegistry = 8,
  kWriteRegistry = 10,
  kDeleteFile = 18,
  kFileExists = 19,
  kRegistryKeyExists = 22,
  kWaitForTools = 38,
  kCaptureScreen = 58,
  kDirectoryExists = 70,
  kDeleteGuestRegistryKey = 71,
  kDeleteDirectory = 72,
  kDeleteEmptyDirectory = 73,
  kCreateTemporaryFile = 74,
  kListProcesses = 75,
  kMoveFile = 76,
  kCreateDirectory = 77,
  kCheckUserAccount = 78,
  kListDirectory = 79,
  kKillProcess = 85,
  kLogout = 87,
  kGetFileInfo = 94,
  kListFilesystems = 169,

  kGetToolsState = 62,
  kHgfsSendPacket = 84,
  kListFiles = 177,
  kCreateDirectoryEx = 178,
  kMoveFileEx = 179,
  kMoveDirectory = 180,
  kCreateTemporaryFileEx = 181,
  kCreateTemporaryDirectory = 182,
  kSetFileAttributes = 183,
  kStartProgram = 185,
  kListProcessesEx = 186,
  kReadEnvironmentVariables = 187,
  kInitiateFileTransferFromGuest = 188,
  kInitiateFileTransferToGuest = 189,
  kAcquireCredentials = 190,
  kReleaseCredentials = 191,
  kValidateCredentials = 192,
  kTerminateProcess = 193,
  kDeleteFileEx = 194,
  kDeleteDirectoryEx = 195,
  kAddAuthAlias = 197,
  kRemoveAuthAlias = 198,
  kListAuthProviderAliases = 199,
  kListAuthMappedAliases = 200,
  kCreateRegistryKey = 201,
  kDeleteRegistryValue = 206,
  kRemoveAuthAliasByCertificate = 207,
};

// Whether the opcode is one of the old API, whose callers know only old error codes: a
// bad login is kGuestUserPermissions (3015) for them.
inline bool IsLegacy(uint32_t opcode) {
  return opcode < 177 && opcode != kGetToolsState && opcode != kHgfsSendPacket;
}

}  // namespace toolboxd::vix

#endif  // TOOLBOXD_TRANSPORTD_VIX_OPCODE_H_
