// SPDX-License-Identifier: Apache-2.0

// HGFS sessions and handles.

#ifndef TOOLBOXD_TRANSPORTD_HGFS_SESSION_TABLE_H_
#define TOOLBOXD_TRANSPORTD_HGFS_SESSION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "transportd/hgfs/audit.h"
#include "transportd/hgfs/open_file.h"

namespace toolboxd::hgfs {

// An open directory: the entries that were fetched last, and the place of the first.
struct Search {
  uint64_t first = 0;
  std::vector<v1::FileInfo> entries;
};

// One open file or directory; exactly one of the first three is set.
struct Handle {
  std::unique_ptr<ReadFile> read;
  std::unique_ptr<WriteFile> write;
  std::unique_ptr<Search> search;
  std::string path;
  // Of a file; how the last packet of the transfer ended is in `result`.
  std::unique_ptr<TransferRecord> record;
  absl::Status result;
};

// One HGFS session; it belongs to the guest user who created it.
struct Session {
  // The handle's number. Check SessionTable::HasCapacity first.
  uint32_t Add(Handle handle);
  Handle* Find(uint32_t number);
  // A file of that path that is open for writing.
  WriteFile* FindWriter(absl::string_view path);

  std::string user;
  absl::Time used;
  absl::flat_hash_map<uint32_t, Handle> handles;
  uint32_t next_handle = 1;
};

// Not thread-safe.
class SessionTable {
 public:
  static constexpr size_t kMaxSessions = 1024;
  // Open files and directories of one user, who has one hgfsd with as many threads, and of
  // all users: a download that is not read holds its stream's window, in a process that has
  // 64 MiB (transportd/hgfs/service_limits_test.cc).
  static constexpr size_t kMaxHandlesPerUser = 64;
  static constexpr size_t kMaxHandles = 96;
  // A session that was not used for this long is dropped with its open files.
  static constexpr absl::Duration kIdleExpiry = absl::Minutes(8);

  // The number of a new session, random and not 0; 0 where there are too many.
  uint64_t Create(absl::string_view user, absl::Time now);
  // Null for a number that is unknown or another user's, which callers cannot distinguish.
  Session* Find(uint64_t id, absl::string_view user, absl::Time now);
  // Of any user, and not as a use of it.
  Session* Find(uint64_t id);
  bool Destroy(uint64_t id, absl::string_view user);
  // Whether the session's user may have one more handle.
  bool HasCapacity(const Session& session) const;

  void ForEachHandle(absl::FunctionRef<void(Handle& handle)> visit);
  // Drops idle sessions. Call it every few seconds or minutes.
  void Expire(absl::Time now);

  size_t size() const { return sessions_.size(); }

 private:
  absl::flat_hash_map<uint64_t, Session> sessions_;
};

}  // namespace toolboxd::hgfs

#endif  // TOOLBOXD_TRANSPORTD_HGFS_SESSION_TABLE_H_
