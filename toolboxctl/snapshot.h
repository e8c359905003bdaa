// SPDX-License-Identifier: Apache-2.0

// toolboxctl snapshot: what a quiesced snapshot freezes, and how long that takes.

#ifndef TOOLBOXD_TOOLBOXCTL_SNAPSHOT_H_
#define TOOLBOXD_TOOLBOXCTL_SNAPSHOT_H_

#include <string>

#include "absl/time/time.h"

namespace toolboxd {

struct SnapshotOptions {
  // "plan" or "test".
  std::string command;
  // snapshotd's socket, and transportd's.
  std::string socket;
  std::string control;
  // For "test".
  absl::Duration hold;
  bool run_scripts = false;
};

// Prints the plan, or freezes and thaws and prints the times, while transportd stands still. The
// exit status: 1 if snapshotd did not answer or the snapshot would have failed, 2 for a wrong
// command or time. "test" blocks SIGINT, SIGTERM and SIGHUP: the first one thaws, the second one
// does not wait for that.
int SnapshotMain(const SnapshotOptions& options);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_SNAPSHOT_H_
