// SPDX-License-Identifier: Apache-2.0

// Puts a package's files where cloud-init looks for them, and follows what becomes of them
// (docs/protocol/customization.md 9.5).

#ifndef TOOLBOXD_DEPLOYD_HAND_OFF_H_
#define TOOLBOXD_DEPLOYD_HAND_OFF_H_

#include <atomic>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "daemon/stop_signal.h"
#include "deployd/cloud_init.h"
#include "deployd/cust_cfg.h"

namespace toolboxd::deployd {

struct HandOffLimits {
  // How long the files wait for cloud-init: longer than a boot takes to bring up its network.
  absl::Duration taken = absl::Minutes(10);
  // The time between two checks.
  absl::Duration interval = absl::Milliseconds(500);
};

// The folder in which cloud-init looks. It has the files of one package at most. Thread-safe.
class CloudInitFolder {
 public:
  // `root` goes before the paths of cloud-init's own files.
  CloudInitFolder(std::string path, std::string root, HandOffLimits limits = {})
      : path_(std::move(path)), root_(std::move(root)), limits_(limits) {}

  // Removes what an earlier process left, if the folder is our own.
  void Clear();

  // Copies cust.cfg and what belongs to it from the unpacked package into the folder: nics.txt;
  // metadata and userdata of raw data, under the names in cust.cfg; the custom script, and the one
  // by which cloud-init starts it. Each file (0600) appears as a whole, and last cust.cfg, for
  // which cloud-init waits. Whatever the folder had is removed before, and after an error it is
  // empty. The folder must be our own (deployd/own_folder.h); it is made if it is missing.
  // CANCELLED if `stop` is set, so that an outdated package never follows the current one.
  //
  // Returns the number of this hand-off.
  absl::StatusOr<int> HandOff(int package, const CustCfg& configuration, DataForm form,
                              const StopSignal& stop);

  // Waits until cloud-init, which deletes the folder when it has read it, has taken the files of
  // that hand-off. Otherwise it removes them and returns FAILED_PRECONDITION if cloud-init has
  // finished without them, DEADLINE_EXCEEDED after the limit, and CANCELLED once `stop` is set or a
  // later hand-off has replaced them.
  absl::Status AwaitTaken(int number, const StopSignal& stop);

  // Whether cloud-init has ever taken a package, and the folder with it.
  bool taken() const { return taken_; }

 private:
  enum class State { kThere, kTaken, kReplaced };
  absl::Status Await(int number, const StopSignal& stop);
  State Look(int number);
  // Removes the files and returns `error`, unless cloud-init has taken them meanwhile.
  absl::Status TakeBack(int number, absl::Status error);

  const std::string path_;
  const std::string root_;
  const HandOffLimits limits_;
  std::atomic<bool> taken_{false};
  // Held while the folder changes.
  absl::Mutex mutex_;
  // The number of the last hand-off.
  int number_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_HAND_OFF_H_
