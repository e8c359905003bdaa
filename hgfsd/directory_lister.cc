// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/directory_lister.h"

#include <errno.h>
#include <string.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/steady_time.h"
#include "hgfsd/file_info.h"
#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/find.h"
#include "hgfsd/fs/paths.h"
#include "hgfsd/name_pattern.h"
#include "hgfsd/start_thread.h"

namespace toolboxd::hgfsd {
namespace {

// Each holds one descriptor and at most 8 KiB of places.
constexpr size_t kMaxPages = 8;

// A page of this size fits into the host's reply; of a larger one the host may request the end
// again.
constexpr size_t kSurelyTaken = 16 << 10;

bool Same(const struct timespec& a, const struct timespec& b) {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

bool Unchanged(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && Same(a.st_mtim, b.st_mtim) &&
         Same(a.st_ctim, b.st_ctim);
}

// The list of one for a path that is not a directory.
absl::StatusOr<v1::ListFilesReply> ListSingle(const v1::ListFilesRequest& request,
                                              const Entry& entry, const NamePattern& pattern) {
  v1::ListFilesReply reply;
  absl::StatusOr<bool> matches = pattern.Matches(SplitPath(request.path()).name);
  if (!matches.ok()) return matches.status();
  if (!*matches || request.skip() > 0) return reply;
  if (request.limit() == 0) {
    reply.set_remaining(1);
    return reply;
  }
  absl::StatusOr<v1::FileInfo> info =
      DescribeEntry(entry.directory.get(), entry.name, request.path());
  if (!info.ok()) return info.status();
  *reply.add_entries() = *std::move(info);
  return reply;
}

}  // namespace

// Iterates over the matching entries of a page's directory.
class DirectoryLister::Walk {
 public:
  Walk(Page& page, const NamePattern& pattern, Place start, const CancelCheck& cancelled)
      : stream_(page.stream), pattern_(pattern), place_(start), cancelled_(cancelled) {}

  // The next matching name, empty at the end. `before` is where it was found.
  absl::StatusOr<absl::string_view> Next(Place& before) {
    while (true) {
      before = place_;
      absl::string_view name;
      if (place_.dots < 2) {
        name = place_.dots++ == 0 ? "." : "..";
      } else {
        const int reads = stream_.reads();
        absl::StatusOr<DirectoryStream::Entry> entry = stream_.Next();
        if (!entry.ok()) return entry.status();
        if (entry->name.empty()) return absl::string_view();
        if (stream_.reads() != reads) {
          if (absl::Status status = CheckCancelled(cancelled_); !status.ok()) return status;
        }
        place_.position = stream_.position();
        name = entry->name;
      }
      absl::StatusOr<bool> matches = pattern_.Matches(name);
      if (!matches.ok()) return matches.status();
      if (*matches) return name;
    }
  }

  // Skips up to `limit` matching entries; returns how many there were.
  absl::StatusOr<uint64_t> Skip(uint64_t limit) {
    uint64_t count = 0;
    for (Place unused; count < limit; ++count) {
      absl::StatusOr<absl::string_view> name = Next(unused);
      if (!name.ok()) return name.status();
      if (name->empty()) break;
    }
    return count;
  }

  Place place() const { return place_; }

 private:
  DirectoryStream& stream_;
  const NamePattern& pattern_;
  Place place_;
  const CancelCheck& cancelled_;
};

absl::StatusOr<v1::ListFilesReply> DirectoryLister::List(const v1::ListFilesRequest& request,
                                                         const CancelCheck& cancelled) {
  // A trailing slash follows a link: "link/" names the directory that the link points to.
  const absl::StatusOr<Entry> entry = FindExisting(request.path(), FinalLink::kKeep);
  if (!entry.ok()) return entry.status();
  if (entry->IsDirectory()) return ListDirectory(request, *entry, cancelled);
  absl::StatusOr<NamePattern> pattern = NamePattern::Compile(request.pattern());
  if (!pattern.ok()) return pattern.status();
  return ListSingle(request, *entry, *pattern);
}

absl::StatusOr<v1::ListFilesReply> DirectoryLister::ListDirectory(
    const v1::ListFilesRequest& request, const Entry& directory, const CancelCheck& cancelled) {
  absl::StatusOr<NamePattern> pattern = NamePattern::Compile(request.pattern());
  if (!pattern.ok()) return pattern.status();
  absl::StatusOr<UniqueFd> fd = OpenHeldDirectory(directory);
  if (!fd.ok()) return fd.status();
  Page page{request.path(), request.pattern(), {}, DirectoryStream(*std::move(fd))};
  struct stat now;
  if (fstat(page.stream.fd(), &now) != 0) return FileError(errno, request.path());
  page.status = now;

  absl::StatusOr<Start> start = Resume(request, now, page);
  if (!start.ok()) return start.status();
  const int reads_before = page.stream.reads();
  Walk walk(page, *pattern, start->place, cancelled);
  if (!start->left.has_value()) {
    absl::StatusOr<uint64_t> skipped = walk.Skip(request.skip());
    if (!skipped.ok()) return skipped.status();
  }

  page.skip = request.skip();
  v1::ListFilesReply reply;
  const uint32_t limit = std::min(request.limit(), kMaxEntriesPerPage);
  const absl::StatusOr<uint64_t> taken = FillPage(limit, walk, page, reply);
  if (!taken.ok()) return taken.status();
  page.remaining = 0;
  if (page.full) {
    const absl::StatusOr<uint64_t> rest = CountRest(walk, start->left, *taken);
    if (!rest.ok()) return rest.status();
    page.remaining = *rest;
  }
  reply.set_remaining(page.remaining);

  absl::MutexLock lock(&mutex_);
  counts_.directory_reads += page.stream.reads() - reads_before;
  counts_.entry_stats += *taken;
  if (page.remaining > 0 || reply.ByteSizeLong() > kSurelyTaken) KeepPage(std::move(page));
  return reply;
}

absl::StatusOr<DirectoryLister::Start> DirectoryLister::Resume(const v1::ListFilesRequest& request,
                                                               const struct stat& now, Page& page) {
  if (!TakePage(request, now, page)) return Start();
  const size_t index = request.skip() - page.skip;
  const Start start = {page.places[index], page.remaining + (page.places.size() - 1 - index)};
  if (absl::Status status = page.stream.SeekTo(start.place.position); !status.ok()) return status;
  return start;
}

absl::StatusOr<uint64_t> DirectoryLister::FillPage(uint32_t limit, Walk& walk, Page& page,
                                                   v1::ListFilesReply& reply) {
  page.places.clear();
  uint64_t taken = 0;
  size_t bytes = 0;
  while (static_cast<uint32_t>(reply.entries_size()) < limit && bytes < kMaxPageBytes) {
    Place before;
    absl::StatusOr<absl::string_view> name = walk.Next(before);
    if (!name.ok()) return name.status();
    if (name->empty()) {
      page.places.push_back(walk.place());
      return taken;
    }
    ++taken;
    absl::StatusOr<v1::FileInfo> info = DescribeEntry(page.stream.fd(), std::string(*name), *name);
    if (!info.ok()) continue;  // It was removed after the directory was read.
    page.places.push_back(before);
    bytes += info->ByteSizeLong();
    *reply.add_entries() = *std::move(info);
  }
  page.full = true;
  page.places.push_back(walk.place());
  return taken;
}

absl::StatusOr<uint64_t> DirectoryLister::CountRest(Walk& walk, std::optional<uint64_t> left,
                                                    uint64_t taken) {
  if (!left.has_value()) return walk.Skip(UINT64_MAX);
  return *left - std::min(*left, taken);
}

bool DirectoryLister::TakePage(const v1::ListFilesRequest& request, const struct stat& now,
                               Page& page) {
  absl::MutexLock lock(&mutex_);
  for (auto it = pages_.begin(); it != pages_.end(); ++it) {
    if (it->path != request.path() || it->pattern != request.pattern()) continue;
    const bool usable = Unchanged(it->status, now) && request.skip() >= it->skip &&
                        request.skip() - it->skip < it->places.size();
    // With its descriptor: on some file systems positions are valid for one descriptor only.
    if (usable) page = std::move(*it);
    pages_.erase(it);
    return usable;
  }
  return false;
}

void DirectoryLister::KeepPage(Page page) {
  page.keep_until = SteadyNow() + kHoldTime;
  pages_.push_front(std::move(page));
  if (pages_.size() > kMaxPages) pages_.pop_back();
  if (expiring_) return;
  // It has ended, but for its return.
  if (expiry_.joinable()) expiry_.join();
  absl::StatusOr<std::thread> thread = StartThread([this] { ExpirePages(); });
  expiring_ = thread.ok();
  if (expiring_) {
    expiry_ = *std::move(thread);
  } else {
    pages_.clear();
  }
}

void DirectoryLister::ExpirePages() {
  absl::MutexLock lock(&mutex_);
  while (!stopping_ && !pages_.empty()) {
    // The last one was kept first.
    const absl::Duration left = pages_.back().keep_until - SteadyNow();
    if (left <= absl::ZeroDuration()) {
      pages_.pop_back();
    } else {
      mutex_.AwaitWithTimeout(absl::Condition(&stopping_), left);
    }
  }
  expiring_ = false;
}

DirectoryLister::~DirectoryLister() {
  std::thread expiry;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    expiry = std::move(expiry_);
  }
  if (expiry.joinable()) expiry.join();
}

DirectoryLister::Counts DirectoryLister::counts() const {
  absl::MutexLock lock(&mutex_);
  return counts_;
}

}  // namespace toolboxd::hgfsd
