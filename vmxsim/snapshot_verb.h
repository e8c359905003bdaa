// SPDX-License-Identifier: Apache-2.0

// `vmxsim snapshot`: the host's part of a whole quiesced snapshot (docs/protocol/snapshot.md 8.1).

#ifndef TOOLBOXD_VMXSIM_SNAPSHOT_VERB_H_
#define TOOLBOXD_VMXSIM_SNAPSHOT_VERB_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace toolboxd::vmxsim {

inline constexpr char kSnapshotHelp[] =
    "have the guest quiesced, follow the dialogue, say whether the snapshot is good";

struct SnapshotOptions {
  std::string control;
  std::string request = "vmbackup.start 1";
  // Hexadecimal digits or @FILE; if not empty, the request is vmbackup.startWithOpts with them.
  std::string opts;
  absl::Duration hold = absl::ZeroDuration();
  bool silent = false;
  std::string abort_at;
  absl::Duration abort_after = absl::InfiniteDuration();
  std::vector<std::string> refused;
  absl::Duration patience = absl::Seconds(10);
  absl::Duration timeout = absl::Minutes(1);
  bool json = false;
};

// CANCELLED: help was printed. INVALID_ARGUMENT: a message for the user.
absl::Status ParseSnapshotOptions(const std::vector<std::string>& words, SnapshotOptions& options);

// The bytes that start the snapshot.
absl::StatusOr<std::string> StartRequest(const SnapshotOptions& options);

// The event of a line of `snapshot-messages` (commands.h), without its number; empty if it is not
// of an event.
absl::string_view EventOfLine(absl::string_view line);

// The verb. Returns the exit code: 0 if the snapshot is good and the guest broke no rule.
int SnapshotMain(const std::vector<std::string>& words);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_SNAPSHOT_VERB_H_
