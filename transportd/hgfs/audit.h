// SPDX-License-Identifier: Apache-2.0

// What the audit log records of HGFS operations.

#ifndef TOOLBOXD_TRANSPORTD_HGFS_AUDIT_H_
#define TOOLBOXD_TRANSPORTD_HGFS_AUDIT_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "transportd/hgfs/protocol.h"

namespace toolboxd::hgfs {

// One operation: who, what, on what, with which result. Raw text from outside.
struct AuditRecord {
  // Empty for a packet without a credential.
  std::string user;
  // As VIX operations are named. Empty for what leaves no record.
  absl::string_view operation;
  // A path, or "FROM -> TO"; empty where the packet did not get so far.
  std::string target;
  absl::Status result;
};

using AuditSink = std::function<void(const AuditRecord& record)>;

constexpr absl::string_view kTransferFromGuest = "FileTransferFromGuest";
constexpr absl::string_view kTransferToGuest = "FileTransferToGuest";

// The name of an operation, by its number. Empty for those that only look, manage sessions,
// or belong to a transfer. An Open has the name of all packets until its direction is known.
absl::string_view AuditName(Op op);

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
