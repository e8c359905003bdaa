// SPDX-License-Identifier: Apache-2.0

// HGFS sessions and handles.

#ifndef TOOLBOXD_TRANSPORTD_HGFS_SESSION_TABLE_H_
#define TOOLBOXD_TRANSPORTD_HGFS_SESSION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/shares.h"
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
  // The record of a file; how the last packet of the transfer ended is in `result`.
  std::unique_ptr<TransferRecord> record;
  absl::Status result;
  // The transfer's number, what was transferred, and when it was opened and last used.
  uint64_t transfer = 0;
  uint64_t bytes = 0;
  absl::Time opened;
  absl::Time used;
};

// A file that is open for reading or writing, as administrators see it.
struct OpenTransfer {
  // Counts all transfers of the server.
  uint64_t number = 0;
  std::string user;
  std::string path;
  bool to_guest = false;
  uint64_t bytes = 0;
  absl::Duration age;
  // Since its last packet.
  absl::Duration idle;
};

// One HGFS session; it belongs to the guest user who created it. SessionTable adds and takes its
// handles.
struct Session {
  // A file of that path that is open for writing.
  WriteFile* FindWriter(absl::string_view path);
  // Ends all files that are open for writing; their handles stay, and have that error.
  void FailWriters(const absl::Status& why);

  uint64_t id = 0;
  std::string user;
  absl::Time used;
  absl::flat_hash_map<uint32_t, Handle> handles;
  uint32_t next_handle = 1;
};

// Sessions and handles are shared by all users (base/shares.h): a new one takes the place of the
// user's own that was not used for longest, or of one of the user who has most. Not thread-safe.
class SessionTable {
 public:
  // The limits for one user and for all users. Packets without a credential count as one user.
  static constexpr size_t kMaxSessionsPerUser = 128;
  static constexpr size_t kMaxSessions = 1024;
  // Open files and directories of one user, who has one hgfsd with as many threads, and of
  // all users: a download that is not read holds its stream's window, in a process that has
  // 64 MiB (transportd/hgfs/service_limits_test.cc).
  static constexpr size_t kMaxHandlesPerUser = 64;
  static constexpr size_t kMaxHandles = 96;
  // A session that was not used for this long is dropped with its open files.
  static constexpr absl::Duration kIdleExpiry = absl::Minutes(8);

  // The number of a new session, random and not 0; 0 where the system has no random numbers.
  uint64_t Create(absl::string_view user, absl::Time now);
  // Null for a number that is unknown or another user's, which callers cannot distinguish.
  Session* Find(uint64_t id, absl::string_view user, absl::Time now);
  // Finds any user's session, which does not count as a use of it.
  Session* Find(uint64_t id);
  bool Destroy(uint64_t id, absl::string_view user);
  // Ends the user's handles. The sessions stay.
  void CloseFiles(absl::string_view user);

  // The handle's number. Another handle may end for it, of this or another session.
  uint32_t AddHandle(Session& session, Handle handle);
  // As a use of it; null for a number that the session does not have.
  Handle* FindHandle(Session& session, uint32_t number);
  // Removes it from the session.
  std::optional<Handle> TakeHandle(Session& session, uint32_t number);

  void ForEachHandle(absl::FunctionRef<void(Handle& handle)> visit);
  // By ascending number.
  std::vector<OpenTransfer> Transfers(absl::Time now) const;
  // Drops idle sessions. Call it every few seconds or minutes.
  void Expire(absl::Time now);

  size_t size() const { return sessions_.size(); }

 private:
  // A session's number and the handle's in it.
  using HandleKey = std::pair<uint64_t, uint32_t>;
  using Sessions = absl::flat_hash_map<uint64_t, Session>;

  void CloseFiles(Session& session);
  void Erase(Sessions::iterator session);

  Sessions sessions_;
  Shares<uint64_t> session_shares_{{.user = kMaxSessionsPerUser, .total = kMaxSessions}};
  Shares<HandleKey> handle_shares_{{.user = kMaxHandlesPerUser, .total = kMaxHandles}};
};

}  // namespace toolboxd::hgfs

#endif  // TOOLBOXD_TRANSPORTD_HGFS_SESSION_TABLE_H_
