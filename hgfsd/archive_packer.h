// SPDX-License-Identifier: Apache-2.0

// ArchivePacker: a directory as a tar stream, packed while it is read (docs/protocol/hgfs.md 6).

#ifndef TOOLBOXD_HGFSD_ARCHIVE_PACKER_H_
#define TOOLBOXD_HGFSD_ARCHIVE_PACKER_H_

#include <sys/stat.h>

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/id_names.h"
#include "base/unique_fd.h"
#include "hgfsd/content_path.h"
#include "hgfsd/fs/cancellation.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// Consumes the next bytes of the archive. An error ends the packing and is its result.
using ArchiveSink = std::function<absl::Status(absl::string_view)>;

// Where the names of owners come from: one of these for all archives of a process, so that a
// database that does not answer keeps two threads and no more. Thread-safe.
struct OwnerDatabases {
  const IdNames users{LookUpUserName};
  const IdNames groups{LookUpGroupName};
};

// POSIX pax format, with gzip on request. Members are in lexical order of their bytes, a directory
// before its content. The root is not a member; the other names are relative to it and follow the
// prefix. A regular file as the root is the only member. The archive has modes, owners by number
// and name, times in nanoseconds, link targets, hard links, devices, pipes, extended attributes,
// ACLs and holes; it leaves out sockets and what the user may not read.
//
// Memory: the names in the directories on the way to the current member, and the names that
// HardLinks keeps. Not thread-safe.
class ArchivePacker {
 public:
  // Opens the root; follows links. NOT_FOUND, ACCESS_DENIED, NOT_A_FILE (neither a directory nor
  // a regular file).
  static absl::StatusOr<ArchivePacker> Open(const ContentPath& content);

  // What Stat reports to the host: a private file of 2^63-1 bytes, modified now
  // (docs/protocol/hgfs.md 6.3).
  const v1::FileInfo& info() const { return info_; }

  // Packs everything in pieces of `chunk` bytes. The last one may be shorter, and ends with the
  // trailer 1F 8B 08, at which clients stop reading (docs/protocol/hgfs.md 6.5). A file that
  // shrinks while it is packed is filled up with zeros, one that grows is cut; holes are not
  // read. IO_ERROR if content cannot be read to its end. Asks `cancelled` for each piece that is
  // read. Call it once.
  absl::Status Pack(size_t chunk, const ArchiveSink& sink, const OwnerDatabases& owners,
                    const CancelCheck& cancelled = nullptr);

 private:
  ArchivePacker() = default;

  ContentPath content_;
  UniqueFd root_;
  struct stat status_;
  v1::FileInfo info_;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_ARCHIVE_PACKER_H_
