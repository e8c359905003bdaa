// SPDX-License-Identifier: Apache-2.0

// Payloads of HGFS operations, decoded and encoded (docs/protocol/hgfs.md 5.7).
//
// One structure stands for all versions of an operation; fields that a version does not
// have keep their defaults. Decode() is false where the payload is too short for its
// structure; what follows the structure is ignored. Views point into the payload.

#ifndef TOOLBOXD_TRANSPORTD_HGFS_MESSAGES_H_
#define TOOLBOXD_TRANSPORTD_HGFS_MESSAGES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "transportd/hgfs/attributes.h"
#include "transportd/hgfs/fields.h"
#include "transportd/hgfs/protocol.h"

namespace toolboxd::hgfs {

// CreateSession, 5.6. Sizes in bytes.
struct CreateSessionRequest {
  uint32_t max_packet_size = 0;
  uint32_t flags = 0;
};
// The session's limits and what it can do.
struct CreateSessionReply {
  uint64_t session_id = 0;
  uint32_t max_packet_size = kMaxPayload;
  // The operation in the low half, flags (1: supported) in the high one.
  std::vector<uint64_t> capabilities;
};

// A name, or an open handle in its place: Getattr and QueryVolume.
struct NameRequest {
  uint64_t hints = 0;
  Name name;
};
// The name is the target of a symbolic link, empty for anything else.
struct GetattrReply {
  Attributes attributes;
  Name symlink_target;
};

// Hints are AttributeHints (attributes.h).
struct SetattrRequest {
  uint64_t hints = 0;
  Attributes attributes;
  Name name;
};

// The low two bits of a mode.
enum OpenMode : uint32_t { kReadOnly = 0, kWriteOnly = 1, kReadWrite = 2 };
// Flag of a mode: the file cannot seek. Content is a stream in any case, so it changes nothing.
constexpr uint32_t kSequential = 4;
// What becomes of a file that exists, and of one that does not (5.8).
enum OpenFlags : uint32_t {
  kOpenExisting = 0,
  kOpenEmpty = 1,
  kCreate = 2,
  kCreateSafe = 3,
  kCreateEmpty = 4,
};
// Which fields of an OpenRequest count.
enum OpenMask : uint64_t {
  kOpenMaskMode = 1,
  kOpenMaskFlags = 2,
  kOpenMaskSpecial = 4,
  kOpenMaskOwner = 8,
  kOpenMaskGroup = 0x10,
  kOpenMaskOther = 0x20,
  kOpenMaskFileName = 0x800,
};
// Open; permissions as in Attributes.
struct OpenRequest {
  uint64_t mask = kOpenMaskMode | kOpenMaskFlags | kOpenMaskOwner | kOpenMaskFileName;
  uint32_t mode = kReadOnly;
  uint32_t flags = kOpenExisting;
  uint8_t special = 0;
  uint8_t owner = 0;
  uint8_t group = 0;
  uint8_t other = 0;
  uint64_t attributes = 0;
  uint64_t allocation = 0;
  uint32_t desired_access = 0;
  uint32_t share_access = 0;
  uint32_t desired_lock = 0;
  Name name;
};
struct OpenReply {
  uint32_t handle = 0;
};

// Close, SearchClose.
struct HandleRequest {
  uint32_t handle = 0;
};

// Read; offset and size in bytes.
struct ReadRequest {
  uint32_t handle = 0;
  uint64_t offset = 0;
  uint32_t size = 0;
};
// Fewer bytes than were asked for only at the end of the file; none after it.
struct ReadReply {
  uint32_t size = 0;
  absl::string_view data;
};

constexpr uint8_t kWriteAppend = 1;
// Write; `size` is the length of `data`. The offset does not count with kWriteAppend.
struct WriteRequest {
  uint32_t handle = 0;
  uint8_t flags = 0;
  uint64_t offset = 0;
  uint32_t size = 0;
  absl::string_view data;
};
struct WriteReply {
  uint32_t size = 0;
};

// SearchOpen.
struct SearchOpenRequest {
  Name name;
};
// SearchRead; `offset` counts entries from the first.
struct SearchReadRequest {
  uint32_t handle = 0;
  uint32_t offset = 0;
};
// One entry; an empty name is the end of the directory.
struct SearchReadReply {
  uint64_t count = 0;
  Attributes attributes;
  Name name;
  Name symlink_target;
};

// CreateDir; permissions as in Attributes.
struct CreateDirRequest {
  // As OpenMask, from kOpenMaskSpecial to kOpenMaskOther, shifted down by two.
  uint64_t mask = 0;
  uint8_t special = 0;
  uint8_t owner = 0;
  uint8_t group = 0;
  uint8_t other = 0;
  Name name;
};

// DeleteFile, DeleteDir. Hint 1: the handle names the file.
struct DeleteRequest {
  uint64_t hints = 0;
  Name name;
};

constexpr uint64_t kRenameNoReplace = 4;
// Rename. Hints 1 and 2: handles stand for the names.
struct RenameRequest {
  uint64_t hints = 0;
  Name from;
  Name to;
};

// QueryVolume, in bytes.
struct VolumeReply {
  uint64_t free_bytes = 0;
  uint64_t total_bytes = 0;
};

// Replies of Close, Setattr, CreateDir, Delete, Rename, SearchClose, DestroySession.
struct EmptyReply {};

// For the structures above.
template <typename Message>
bool Decode(Op op, absl::string_view payload, Message& message);
template <typename Message>
std::string Encode(Op op, const Message& message);

}  // namespace toolboxd::hgfs

#endif  // TOOLBOXD_TRANSPORTD_HGFS_MESSAGES_H_
