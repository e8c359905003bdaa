// SPDX-License-Identifier: Apache-2.0

// DirectoryLister: ListFiles, page by page (docs/protocol/vix.md 4.6).

#ifndef TOOLBOXD_HGFSD_DIRECTORY_LISTER_H_
#define TOOLBOXD_HGFSD_DIRECTORY_LISTER_H_

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "hgfsd/fs/cancellation.h"
#include "hgfsd/fs/directory_stream.h"
#include "hgfsd/fs/entry.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// The number of entries of one reply. The limit is the host's: a ListFiles reply of 64 KiB
// (docs/protocol/vix.md 4.1) holds fewer, however short their names are.
inline constexpr uint32_t kMaxEntriesPerPage = 512;
// A reply ends with the entry that takes it to this size, for the same reason: an entry is no
// longer here than in the host's format. transportd refuses replies of more than 128 KiB.
inline constexpr size_t kMaxPageBytes = 64 << 10;

// Lists a directory page by page, and remembers where the last pages ended: all pages together
// read the directory twice, once to count its entries and once to list them. A directory that
// has changed since is counted again. Memory does not depend on the directory's size.
// Thread-safe.
//
// For that it holds the directory until the next page, but no longer than kHoldTime, and not after
// a listing that is surely over, because a file system that is held cannot be unmounted.
class DirectoryLister {
 public:
  static constexpr absl::Duration kHoldTime = absl::Seconds(2);

  DirectoryLister() = default;
  ~DirectoryLister();

  // Lists "." and ".." first, then the entries in the kernel's order. Links are not followed,
  // except by a path with a trailing slash. An entry that is removed in the meantime is left out.
  // Asks `cancelled` once for each getdents64 call. NOT_FOUND, ACCESS_DENIED, INVALID_ARGUMENT
  // (pattern or path), CANCELLED.
  absl::StatusOr<v1::ListFilesReply> List(const v1::ListFilesRequest& request,
                                          const CancelCheck& cancelled = nullptr);

  // The system calls so far, getdents64 and lstat of an entry: tests assert limits on them.
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

  // The page of a listing that was requested last.
  struct Page {
    std::string path;
    std::string pattern;
    // The directory's status when it was counted.
    struct stat status;
    DirectoryStream stream;
    // Index of the page's first entry among those that match.
    uint64_t skip = 0;
    // Where each of the page's entries was found, and one more for the page's end.
    std::vector<Place> places = {};
    // Whether it ended before the directory did.
    bool full = false;
    // Matching entries after the page.
    uint64_t remaining = 0;
    absl::Time keep_until = absl::InfinitePast();
  };

  // Where a requested page starts.
  struct Start {
    Place place = {};
    // Matching entries from there on; nothing where they have not been counted.
    std::optional<uint64_t> left = {};
  };

  class Walk;

  absl::StatusOr<v1::ListFilesReply> ListDirectory(const v1::ListFilesRequest& request,
                                                   const Entry& directory,
                                                   const CancelCheck& cancelled);
  // Finds where the requested page starts, from the last page of the same listing, which moves into
  // `page`. The directory's first entry if no such page is kept.
  absl::StatusOr<Start> Resume(const v1::ListFilesRequest& request, const struct stat& now,
                               Page& page);
  // Adds entries to the reply, up to `limit` or a page's size, and their places to the page.
  // Returns how many matching names it took from the directory.
  static absl::StatusOr<uint64_t> FillPage(uint32_t limit, Walk& walk, Page& page,
                                           v1::ListFilesReply& reply);
  // Matching entries after the page; `left` before it and `taken` for it.
  static absl::StatusOr<uint64_t> CountRest(Walk& walk, std::optional<uint64_t> left,
                                            uint64_t taken);
  // Moves the kept page of the same listing into `page` if the requested one starts in it.
  bool TakePage(const v1::ListFilesRequest& request, const struct stat& now, Page& page);
  void KeepPage(Page page) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Runs on a thread of its own, which ends with the last page.
  void ExpirePages();

  // Held while a page is taken or kept, but not while a directory is read.
  mutable absl::Mutex mutex_;
  // Most recently used first.
  std::list<Page> pages_ ABSL_GUARDED_BY(mutex_);
  Counts counts_ ABSL_GUARDED_BY(mutex_);
  std::thread expiry_ ABSL_GUARDED_BY(mutex_);
  bool expiring_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_DIRECTORY_LISTER_H_
