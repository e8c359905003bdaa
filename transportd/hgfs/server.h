// SPDX-License-Identifier: Apache-2.0

// The HGFS server: packets in, packets out (docs/protocol/hgfs.md 5).

#ifndef TOOLBOXD_TRANSPORTD_HGFS_SERVER_H_
#define TOOLBOXD_TRANSPORTD_HGFS_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "transportd/files/file_store.h"
#include "transportd/hgfs/audit.h"
#include "transportd/hgfs/messages.h"
#include "transportd/hgfs/packet.h"
#include "transportd/hgfs/session_table.h"

namespace toolboxd::hgfs {

// Who sends a packet.
struct Client {
  // The authenticated guest user; empty for a packet that came without a credential, which
  // may manage sessions and nothing else.
  std::string user;
  // Null for the latter.
  std::shared_ptr<files::FileStore> files;
};

// Keeps sessions and open files; content and attributes are the files::FileStore's. Any bytes
// get a well-formed reply. Not thread-safe: used on the channel's thread.
class Server {
 public:
  // `audit` gets a record of each operation that changes or lists something, and of each
  // transfer, also from the destructor.
  explicit Server(AuditSink audit, std::function<absl::Time()> clock = SteadyNow)
      : audit_(std::move(audit)), clock_(std::move(clock)) {}

  std::string Dispatch(absl::string_view packet, const Client& client);

  // Takes note of a packet that is refused and not dispatched: the uploads of its session fail,
  // since a host that closes its file after an error would otherwise complete half of it. A session
  // whose end was refused ends with the next Maintain(), since hosts do not ask for it again. The
  // session's number is random and stands for the user.
  void Refuse(absl::string_view packet);

  // Work that the reply to the last packet does not wait for: sends written content, or fetches
  // the next content of a file that is read. Does not block. Call it once the reply is on its way;
  // without it the next packet takes longer.
  void RunDeferredWork();

  // Ends the files that the user has open, without their content if they are written.
  void CloseFiles(absl::string_view user) { sessions_.CloseFiles(user); }

  // Drops what vanished hosts left, and sends what RunDeferredWork() could not.
  void Maintain();

  size_t sessions() const { return sessions_.size(); }

  std::vector<OpenTransfer> Transfers() const { return sessions_.Transfers(clock_()); }

  // Content since the start, in bytes.
  uint64_t bytes_from_guest() const { return bytes_from_guest_; }
  uint64_t bytes_to_guest() const { return bytes_to_guest_; }

 private:
  // The result of one operation: the payload counts only for kSuccess.
  struct Outcome {
    Outcome(Status status);                                        // NOLINT: as in `return kX`.
    Outcome(std::string payload) : payload(std::move(payload)) {}  // NOLINT
    // A files::FileStore's failure.
    explicit Outcome(const absl::Status& error);
    Status status = Status::kSuccess;
    std::string payload;
    // The failure that became the status.
    absl::Status error;
  };
  // One request of a client within its session.
  struct Call {
    Op op;
    absl::string_view payload;
    const Client& client;
    Session& session;
    // Written when the operation is over, unless its name was cleared.
    AuditRecord& record;
  };

  // What serves all versions of an operation, which are bits of `ops`.
  struct Handler {
    uint64_t ops;
    Outcome (Server::*run)(const Call& call);
  };
  static const Handler kHandlers[];

  Outcome Run(const Packet& packet, const Client& client, AuditRecord& record);
  Outcome RunInSession(const Call& call);
  Outcome CreateSession(const Packet& packet, const Client& client);
  Outcome Open(const Call& call);
  Outcome OpenForRead(const Call& call, const std::string& path);
  Outcome OpenForWrite(const Call& call, const OpenRequest& request, const std::string& path);
  Outcome Read(const Call& call);
  Outcome Write(const Call& call);
  Outcome Close(const Call& call);
  Outcome Getattr(const Call& call);
  Outcome Setattr(const Call& call);
  Outcome SearchOpen(const Call& call);
  Outcome SearchRead(const Call& call);
  Outcome CreateDir(const Call& call);
  Outcome DeleteFile(const Call& call);
  Outcome DeleteDir(const Call& call);
  Outcome Delete(const Call& call, absl::Status (files::FileStore::*remove)(absl::string_view));
  Outcome Rename(const Call& call);
  Outcome QueryVolume(const Call& call);

  // Adds an open file, whose transfer has a record of its own from now on.
  Outcome AddFile(const Call& call, Handle handle);
  // The path that a name stands for, by handle or by itself; also put into the record.
  Status Resolve(const Call& call, const Name& name, std::string& path);

  // The file that the last packet read or wrote, for RunDeferredWork(); handle 0 for none.
  struct Transfer {
    uint64_t session = 0;
    uint32_t handle = 0;
  };

  const AuditSink audit_;
  const std::function<absl::Time()> clock_;
  SessionTable sessions_;
  Transfer last_transfer_;
  uint64_t transfers_ = 0;
  uint64_t bytes_from_guest_ = 0;
  uint64_t bytes_to_guest_ = 0;
};

}  // namespace toolboxd::hgfs

#endif  // TOOLBOXD_TRANSPORTD_HGFS_SERVER_H_
