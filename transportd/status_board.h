// SPDX-License-Identifier: Apache-2.0

// StatusBoard: what GetStatus returns, written by all threads.

#ifndef TOOLBOXD_TRANSPORTD_STATUS_BOARD_H_
#define TOOLBOXD_TRANSPORTD_STATUS_BOARD_H_

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/config_file.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// Thread-safe. Its mutex is held for an assignment or a copy only.
class StatusBoard {
 public:
  // Adds to a counter, which appears with its first count.
  void Count(absl::string_view counter, uint64_t by = 1);

  // Whether the host has accepted the registration; `true` also sets its time to now.
  void SetRegistered(bool registered);

  // Such as "backdoor, high bandwidth"; empty if there is no channel.
  void SetChannel(absl::string_view channel);

  // A connection to a service was made or, with its error, ended.
  void SetConnected(absl::string_view service);
  void SetDisconnected(absl::string_view service, const absl::Status& error);
  // A call to a service ended.
  void CountCall(absl::string_view service, const absl::Status& status);

  // A quiesced snapshot began; ended; had the file systems frozen for a time, in microseconds.
  enum class Snapshot { kTaken, kFailed };
  void BeginSnapshot();
  void EndSnapshot(Snapshot outcome);
  void SetFrozenTime(uint64_t micros);

  // The result of reading the configuration of guest operations.
  void SetConfiguration(const ConfigurationState& policy, const ConfigurationState& routes);

  v1::TransportStatus Get() const;

 private:
  v1::ServiceStatus& Service(absl::string_view name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  v1::TransportStatus status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_STATUS_BOARD_H_
