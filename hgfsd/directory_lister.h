// SPDX-License-Identifier: Apache-2.0

// DirectoryLister: ListFiles, page by page (docs/protocol/vix.md 4.6).

#ifndef TOOLBOXD_HGFSD_DIRECTORY_LISTER_H_
#define TOOLBOXD_HGFSD_DIRECTORY_LISTER_H_

#include <sys/stat.h>

#include <cstdint>
#include <list>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "hgfsd/cancellation.h"
#include "hgfsd/directory_stream.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// Entries in one reply at most: more than fit into the host's 64 KiB message, however
// short their names are.
inline constexpr uint32_t kMaxEntriesPerPage = 512;

// Remembers where the last pages ended, so that listing a directory page by page reads it
// twice in all: once to count, once to list. Memory does not depend on its size.
// A directory that has changed since is counted again. Thread-safe.
class DirectoryLister {
 public:
  // "." and ".." first, then the kernel's order; links are not followed, except before a
  // trailing slash. An entry that vanishes meanwhile is left out.
  // NOT_FOUND, ACCESS_DENIED, INVALID_ARGUMENT (pattern or path), CANCELLED.
  absl::StatusOr<v1::ListFilesReply> List(const v1::ListFilesRequest& request,
                                          const Cancelled& cancelled = nullptr);

  // getdents64 and entry lstat calls so far: what tests bound.
  struct Counts {
    int64_t directory_reads = 0;
    int64_t entry_stats = 0;
  };
  Counts counts() const;

 private:
  // A place in the list: the next of the two dot entries (2 = past them), then the stream's.
  struct Place {
    int dots = 0;
    off_t position = 0;
  };

  // The last page of one listing that was asked for.
  struct Page {
    std::string path;
    std::string pattern;
    // Of the directory when it was counted.
    struct stat status;
    DirectoryStream stream;
    // Index of the page's first entry among those that match.
    uint64_t skip = 0;
    // Where each of the page's entries was found, and one more for the page's end.
    std::vector<Place> places = {};
    // Matching entries after the page.
    uint64_t remaining = 0;
  };

  class Walk;

  absl::StatusOr<v1::ListFilesReply> ListDirectory(const v1::ListFilesRequest& request,
                                                   const Cancelled& cancelled);
  bool TakePage(const v1::ListFilesRequest& request, const struct stat& now, Page& page);
  void KeepPage(Page page) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  // Most recently used first.
  std::list<Page> pages_ ABSL_GUARDED_BY(mutex_);
  Counts counts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_DIRECTORY_LISTER_H_
