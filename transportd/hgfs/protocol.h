// SPDX-License-Identifier: Apache-2.0

// HGFS constants (docs/protocol/hgfs.md 5.4, 5.5, 5.6).

#ifndef TOOLBOXD_TRANSPORTD_HGFS_PROTOCOL_H_
#define TOOLBOXD_TRANSPORTD_HGFS_PROTOCOL_H_

#include <cstdint>

namespace toolboxd::hgfs {

// Operations and their versions by number (docs/protocol/hgfs.md 5.4).
enum class Op : uint32_t {
  kOpen = 0,
  kRead = 1,
  kWrite = 2,
  kClose = 3,
  kSearchOpen = 4,
  kSearchRead = 5,
  kSearchClose = 6,
  kGetattr = 7,
  kSetattr = 8,
  kCreateDir = 9,
  kDeleteFile = 10,
  kDeleteDir = 11,
  kRename = 12,
  kQueryVolume = 13,
  kOpenV2 = 14,
  kGetattrV2 = 15,
  kSetattrV2 = 16,
  kSearchReadV2 = 17,
  kCreateDirV2 = 20,
  kDeleteFileV2 = 21,
  kDeleteDirV2 = 22,
  kRenameV2 = 23,
  kOpenV3 = 24,
  kReadV3 = 25,
  kWriteV3 = 26,
  kCloseV3 = 27,
  kSearchOpenV3 = 28,
  kSearchReadV3 = 29,
  kSearchCloseV3 = 30,
  kGetattrV3 = 31,
  kSetattrV3 = 32,
  kCreateDirV3 = 33,
  kDeleteFileV3 = 34,
  kDeleteDirV3 = 35,
  kRenameV3 = 36,
  kQueryVolumeV3 = 37,
  kCreateSessionV4 = 41,
  kDestroySessionV4 = 42,
};

// Whether the server answers the operation; others are kNotSupported.
constexpr bool IsSupported(uint32_t op) {
  return op <= 17 || (op >= 20 && op <= 37) || op == 41 || op == 42;
}

// The version of an operation's structures: 1 to 4. Versions 1 and 2 have eight bytes of
// an older header in front of them.
constexpr int GenerationOf(Op op) {
  const auto number = static_cast<uint32_t>(op);
  if (number <= 13) return 1;
  if (number <= 23) return 2;
  return number <= 37 ? 3 : 4;
}

// docs/protocol/hgfs.md 5.5.
enum class Status : uint32_t {
  kSuccess = 0,
  kNoSuchFile = 1,
  kInvalidHandle = 2,
  kNotPermitted = 3,
  kFileExists = 4,
  kNotADirectory = 5,
  kDirectoryNotEmpty = 6,
  kProtocolError = 7,
  kAccessDenied = 8,
  kInvalidName = 9,
  kGenericError = 10,
  kSharingViolation = 11,
  kNoSpace = 12,
  kNotSupported = 13,
  kNameTooLong = 14,
  kInvalidParameter = 15,
  kNotSameDevice = 16,
  kStaleSession = 17,
  kTooManySessions = 18,
  kTransportError = 19,
};

// What one packet may carry besides its headers. Larger packets exist, but a VIX result
// must fit 64 KiB and the host's file copier keeps to this.
constexpr uint32_t kMaxPayload = 0xF800;

}  // namespace toolboxd::hgfs

#endif  // TOOLBOXD_TRANSPORTD_HGFS_PROTOCOL_H_
