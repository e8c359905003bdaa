// SPDX-License-Identifier: Apache-2.0

// What the audit log records of HGFS operations.

#ifndef TOOLBOXD_TRANSPORTD_HGFS_AUDIT_H_
#define TOOLBOXD_TRANSPORTD_HGFS_AUDIT_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "transportd/hgfs/protocol.h"
#include "transportd/operation/operation.h"

namespace toolboxd::hgfs {

// One operation: who, what, on what, with which result. Raw text from outside.
struct AuditRecord {
  // Empty for a packet without a credential.
  std::string user;
  // No value for a packet that leaves no record.
  std::optional<Operation> operation;
  // A path, or "FROM -> TO"; empty if the packet was refused before its name was read.
  std::string target;
  absl::Status result;
};

using AuditSink = std::function<void(const AuditRecord& record)>;

// The operation's name in a record: operation/operation.h's, but "FileTransferFromGuest" and
// "FileTransferToGuest" for a transfer, which the record follows and does not initiate.
absl::string_view AuditName(Operation operation);

// The operation of a packet. No value for packets that manage sessions or belong to a transfer or a
// listing. Attributes are what a listing shows. An Open is kHgfsSendPacket until its direction is
// known.
std::optional<Operation> OperationOf(Op op);

// The record of an open file's transfer, written once: when it ends or, as cancelled, when
// it is destroyed without an end.
class TransferRecord {
 public:
  // `sink` must outlive it.
  TransferRecord(const AuditSink* sink, AuditRecord record)
      : sink_(*sink), record_(std::move(record)) {}
  ~TransferRecord() {
    if (!ended_) End(absl::CancelledError("transfer was not finished"));
  }
  TransferRecord(const TransferRecord&) = delete;
  TransferRecord& operator=(const TransferRecord&) = delete;

  void End(absl::Status result) {
    ended_ = true;
    record_.result = std::move(result);
    if (sink_) sink_(record_);
  }

 private:
  const AuditSink& sink_;
  AuditRecord record_;
  bool ended_ = false;
};

}  // namespace toolboxd::hgfs

#endif  // TOOLBOXD_TRANSPORTD_HGFS_AUDIT_H_
