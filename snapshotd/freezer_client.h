// SPDX-License-Identifier: Apache-2.0

// The way to the freezer (freezer/protocol.h).

#ifndef TOOLBOXD_SNAPSHOTD_FREEZER_CLIENT_H_
#define TOOLBOXD_SNAPSHOTD_FREEZER_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/mountinfo.h"
#include "base/unique_fd.h"
#include "daemon/stop_signal.h"
#include "freezer/protocol.h"

namespace toolboxd::snapshotd {

struct FreezeLimits {
  absl::Duration freeze;
  absl::Duration hold;
  bool ignore_frozen = false;
  // How long after `freeze` a freezer may still answer.
  absl::Duration patience = absl::Seconds(15);
  // How long to wait for a freezer that does not answer, because file systems may be frozen.
  absl::Duration end = absl::Minutes(15);
};

// One connection, which is one freezer. Its end thaws everything. Errors are those of the protocol,
// and name their subject; UNAVAILABLE if the freezer has ended, DEADLINE_EXCEEDED if it does not
// answer. After either, no further request is sent. Not thread-safe.
class FreezerClient {
 public:
  // Has systemd start the freezer.
  static absl::StatusOr<FreezerClient> Connect(const std::string& socket);
  // `connection` is one of kind SOCK_SEQPACKET.
  explicit FreezerClient(UniqueFd connection) : connection_(std::move(connection)) {}

  // What the freezer sees. RESOURCE_EXHAUSTED if it exceeds MountLimits.
  absl::StatusOr<toolboxd::MountTable> MountTable();
  // Whatever is added next is frozen after everything that was added before. Until the next call,
  // everything that is added may be frozen at the same time.
  void BeginGroup() { begins_group_ = true; }
  // Opens a mount point: 0, or the freezer's errno for it. An error of the exchange is a status.
  absl::StatusOr<int> Add(absl::string_view path, uint32_t mount_id, uint32_t major,
                          uint32_t minor);
  // The reply, or what every file system took, is in the order of Add(). When `stop` is set, the
  // freezer sees the end of our requests, and the call returns CANCELLED when everything is thawed.
  // It waits for a freezer that does not end: 15 s in Sync(), where nothing is frozen yet, and
  // FreezeLimits.end in Freeze(), even if the freezer did not answer in time.
  absl::StatusOr<std::vector<uint32_t>> Sync(const StopSignal& stop);
  absl::StatusOr<freezer::Reply> Freeze(const FreezeLimits& limits, const StopSignal& stop);
  absl::Status Hold(absl::Duration hold);
  // DEADLINE_EXCEEDED also if they had been thawed for lack of Hold().
  absl::StatusOr<freezer::Reply> Thaw();

  // Ends the connection, which thaws everything, and waits at most this long for the freezer's end.
  void End(absl::Duration limit = absl::Seconds(15));

  size_t targets() const { return paths_.size(); }

 private:
  struct Wait {
    absl::Duration time;
    const StopSignal& stop;
    // For the end of the connection once `stop` is set.
    absl::Duration after_stop;
  };
  absl::StatusOr<freezer::Reply> Exchange(const freezer::Request& request, const Wait& wait,
                                          UniqueFd* passed = nullptr);
  absl::Status AwaitReply(const Wait& wait);
  absl::StatusOr<freezer::Reply> ReadReply(UniqueFd* passed);
  // The reply's error as a status: "freezing /data: Input/output error".
  absl::Status Explain(const freezer::Reply& reply, absl::string_view what) const;

  UniqueFd connection_;
  std::vector<std::string> paths_;
  bool broken_ = false;
  bool begins_group_ = true;
  // Never set: for requests that must not be cut short.
  StopSignal never_;
};

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_FREEZER_CLIENT_H_
