// SPDX-License-Identifier: Apache-2.0

// Bodies of the guest operations, decoded (docs/protocol/vix.md 4.5).
//
// Decode() fills a structure whose views point into the body and returns kOk or the code
// that vmtoolsd answers for such a body: kInvalidMessageBody (10001), kInvalidUtf8 (27),
// kInvalidArgument (3) for an empty path. Lengths are in bytes; `options` fields are reserved
// by VMware and ignored. testing/host_messages.h has the host's side.

#ifndef TOOLBOXD_TRANSPORTD_VIX_REQUESTS_H_
#define TOOLBOXD_TRANSPORTD_VIX_REQUESTS_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "transportd/vix/error.h"

namespace toolboxd::vix {

// kDeleteFileEx; the old kDeleteFile, kFileExists, kDirectoryExists, kDeleteDirectory,
// kDeleteEmptyDirectory, kGetFileInfo.
struct PathRequest {
  int32_t options = 0;
  absl::string_view path;
};
Error Decode(absl::string_view body, PathRequest& request);

// kListFiles and kInitiateFileTransferFromGuest. Hosts disagree on whether a length
// counts its NUL; both are read.
struct ListFilesRequest {
  int32_t options = 0;
  absl::string_view path;
  absl::string_view pattern;
  int32_t index = 0;
  int32_t max_results = 0;
  uint64_t offset = 0;
};
Error Decode(absl::string_view body, ListFilesRequest& request);

// kCreateDirectoryEx, where the flag is "create parents", and kDeleteDirectoryEx, where
// it is "recursive".
struct DirectoryRequest {
  int32_t options = 0;
  absl::string_view path;
  absl::string_view properties;
  bool flag = false;
};
Error Decode(absl::string_view body, DirectoryRequest& request);

// The old kCreateDirectory: a DirectoryRequest without the flag.
Error DecodeLegacyDirectory(absl::string_view body, DirectoryRequest& request);

// kMoveFileEx, kMoveDirectory; the old kMoveFile has no `overwrite`.
struct MoveRequest {
  int32_t options = 0;
  absl::string_view from;
  absl::string_view to;
  absl::string_view properties;
  bool overwrite = false;
};
Error Decode(absl::string_view body, MoveRequest& request);
Error DecodeLegacyMove(absl::string_view body, MoveRequest& request);

// kCreateTemporaryFileEx, kCreateTemporaryDirectory.
struct CreateTemporaryRequest {
  int32_t options = 0;
  absl::string_view prefix;
  absl::string_view suffix;
  absl::string_view directory;
  absl::string_view properties;
};
Error Decode(absl::string_view body, CreateTemporaryRequest& request);

// kSetFileAttributes. Times are seconds since 1970 on Linux guests.
struct SetAttributesRequest {
  enum Flags : int32_t {
    kAccessTime = 1,
    kModificationTime = 2,
    kReadOnly = 4,
    kHidden = 8,
    kOwner = 0x10,
    kGroup = 0x20,
    kPermissions = 0x40,
  };
  int32_t flags = 0;
  int64_t access_time = 0;
  int64_t modification_time = 0;
  int32_t uid = 0;
  int32_t gid = 0;
  int32_t permissions = 0;
  bool hidden = false;
  bool read_only = false;
  absl::string_view path;
};
Error Decode(absl::string_view body, SetAttributesRequest& request);

// kInitiateFileTransferToGuest.
struct TransferToGuestRequest {
  int32_t options = 0;
  absl::string_view path;
  bool overwrite = false;
};
Error Decode(absl::string_view body, TransferToGuestRequest& request);

// kStartProgram.
struct StartProgramRequest {
  bool minimized = false;
  absl::string_view program;
  absl::string_view arguments;
  absl::string_view working_directory;
  // "NAME=VALUE" each.
  std::vector<absl::string_view> environment;
};
Error Decode(absl::string_view body, StartProgramRequest& request);

// kListProcessesEx.
struct ListProcessesRequest {
  // 0 for a new list; otherwise the key of one that did not fit, and where to go on in it.
  uint32_t key = 0;
  uint32_t offset = 0;
  std::vector<uint64_t> pids;
};
Error Decode(absl::string_view body, ListProcessesRequest& request);

// kReadEnvironmentVariables; no names means all variables.
struct ReadEnvironmentRequest {
  std::vector<absl::string_view> names;
};
Error Decode(absl::string_view body, ReadEnvironmentRequest& request);

// kTerminateProcess and the old kKillProcess.
struct TerminateRequest {
  uint64_t pid = 0;
  uint32_t options = 0;
};
Error Decode(absl::string_view body, TerminateRequest& request);

// kHgfsSendPacket. The packet is raw bytes, without a NUL.
struct HgfsPacketRequest {
  int32_t timeout = 0;
  absl::string_view packet;
};
Error Decode(absl::string_view body, HgfsPacketRequest& request);

// The old kListDirectory.
struct ListDirectoryRequest {
  int32_t options = 0;
  absl::string_view path;
  int64_t offset = 0;
};
Error Decode(absl::string_view body, ListDirectoryRequest& request);

}  // namespace toolboxd::vix

#endif  // TOOLBOXD_TRANSPORTD_VIX_REQUESTS_H_
