// SPDX-License-Identifier: Apache-2.0

// ArchivePacker: a directory as a tar stream, made while it is read (docs/protocol/hgfs.md 6).

#ifndef TOOLBOXD_HGFSD_ARCHIVE_PACKER_H_
#define TOOLBOXD_HGFSD_ARCHIVE_PACKER_H_

#include <sys/stat.h>

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"
#include "hgfsd/cancellation.h"
#include "hgfsd/content_path.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// Takes the next bytes of the archive; an error ends the run.
using ArchiveSink = std::function<absl::Status(absl::string_view)>;

// POSIX pax format, gzip if asked for. Members in lexical order of their bytes, directories
// before their content, the root itself left out; names are relative to the root, with the
// prefix before them; a regular file as the root is the only member. Kept: modes, owners by
// number and name, times in nanoseconds, link targets, hard links, devices, pipes, extended
// attributes, ACLs, holes. Sockets and what may not be read are left out.
//
// Memory: the names in the directories on the way to the current member, and of files whose
// other hard links are still to come, as far as HardLinks keeps them.
class ArchivePacker {
 public:
  // Opens the root; links are followed. NOT_FOUND, ACCESS_DENIED, NOT_A_FILE (neither a
  // directory nor a regular file).
  static absl::StatusOr<ArchivePacker> Open(const ContentPath& content);

  // What the host is told: a private file, just made, of 2^63-1 bytes.
  const v1::FileInfo& info() const { return info_; }

  // Packs everything, in pieces of `chunk` bytes; the last may be shorter and ends with the
  // bytes 1F 8B 08, at which clients stop. A file that shrinks meanwhile is filled up with
  // zeros, one that grows is cut off; holes are not read. IO_ERROR where content cannot be
  // read to its end. Asks `cancelled` for each piece that is read. Once.
  absl::Status Pack(size_t chunk, const ArchiveSink& sink, const CancelCheck& cancelled = nullptr);

 private:
  ArchivePacker() = default;

  ContentPath content_;
  UniqueFd root_;
  struct stat status_;
  v1::FileInfo info_;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_ARCHIVE_PACKER_H_
