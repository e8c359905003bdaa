// SPDX-License-Identifier: Apache-2.0

// The guest operations that the policy permits or refuses, and that the audit log names.

#ifndef TOOLBOXD_TRANSPORTD_OPERATION_OPERATION_H_
#define TOOLBOXD_TRANSPORTD_OPERATION_OPERATION_H_

#include <cstddef>
#include <iterator>
#include <optional>

#include "absl/strings/string_view.h"

namespace toolboxd {

// What a policy can refuse and the audit names, in the order of the names.
enum class Operation {
  kAcquireCredentials,
  kChangeFileAttributes,
  kCreateTemporaryDirectory,
  kCreateTemporaryFile,
  kDeleteDirectory,
  kDeleteFile,
  kHgfsSendPacket,
  kInitiateFileTransferFromGuest,
  kInitiateFileTransferToGuest,
  kListFiles,
  kListProcesses,
  kMakeDirectory,
  kMoveDirectory,
  kMoveFile,
  kReadEnvironmentVariable,
  kReleaseCredentials,
  kStartProgram,
  kTerminateProcess,
  kValidateCredentials,
};

struct OperationName {
  Operation operation;
  absl::string_view name;
};

// The names of the policy file and of audit records: vSphere's, in the order of the enum.
// HgfsSendPacket is the name of an HGFS packet, for which vSphere has none.
inline constexpr OperationName kOperationNames[] = {
    {Operation::kAcquireCredentials, "AcquireCredentialsInGuest"},
    {Operation::kChangeFileAttributes, "ChangeFileAttributesInGuest"},
    {Operation::kCreateTemporaryDirectory, "CreateTemporaryDirectoryInGuest"},
    {Operation::kCreateTemporaryFile, "CreateTemporaryFileInGuest"},
    {Operation::kDeleteDirectory, "DeleteDirectoryInGuest"},
    {Operation::kDeleteFile, "DeleteFileInGuest"},
    {Operation::kHgfsSendPacket, "HgfsSendPacket"},
    {Operation::kInitiateFileTransferFromGuest, "InitiateFileTransferFromGuest"},
    {Operation::kInitiateFileTransferToGuest, "InitiateFileTransferToGuest"},
    {Operation::kListFiles, "ListFilesInGuest"},
    {Operation::kListProcesses, "ListProcessesInGuest"},
    {Operation::kMakeDirectory, "MakeDirectoryInGuest"},
    {Operation::kMoveDirectory, "MoveDirectoryInGuest"},
    {Operation::kMoveFile, "MoveFileInGuest"},
    {Operation::kReadEnvironmentVariable, "ReadEnvironmentVariableInGuest"},
    {Operation::kReleaseCredentials, "ReleaseCredentialsInGuest"},
    {Operation::kStartProgram, "StartProgramInGuest"},
    {Operation::kTerminateProcess, "TerminateProcessInGuest"},
    {Operation::kValidateCredentials, "ValidateCredentialsInGuest"},
};

inline constexpr size_t kOperations = std::size(kOperationNames);

constexpr bool OperationNamesAreInOrder() {
  for (size_t i = 0; i < kOperations; ++i) {
    if (static_cast<size_t>(kOperationNames[i].operation) != i) return false;
  }
  return true;
}
static_assert(OperationNamesAreInOrder());

constexpr absl::string_view Name(Operation operation) {
  return kOperationNames[static_cast<size_t>(operation)].name;
}

// std::nullopt if there is no such operation. Small and capital letters differ.
constexpr std::optional<Operation> ParseOperation(absl::string_view name) {
  for (const OperationName& known : kOperationNames) {
    if (known.name == name) return known.operation;
  }
  return std::nullopt;
}

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_OPERATION_OPERATION_H_
