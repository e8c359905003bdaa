// SPDX-License-Identifier: Apache-2.0

// StatusBoard: what GetStatus shows, written by all threads.

#ifndef TOOLBOXD_TRANSPORTD_STATUS_BOARD_H_
#define TOOLBOXD_TRANSPORTD_STATUS_BOARD_H_

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/config_file.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// Thread-safe.
class StatusBoard {
 public:
  // Adds to a counter; it appears with its first count.
  void Count(absl::string_view counter, uint64_t by = 1);

  // Whether the host accepted the registration; the time is taken when it becomes true.
  void SetRegistered(bool registered);

  // Such as "backdoor, high bandwidth"; empty while there is none.
  void SetChannel(absl::string_view channel);

  // A connection to a service came up or, with its error, ended.
  void SetConnected(absl::string_view service);
  void SetDisconnected(absl::string_view service, const absl::Status& error);
  // A call to a service ended.
  void CountCall(absl::string_view service, const absl::Status& status);

  // What was read for guest operations.
  void SetConfiguration(const ConfigurationState& policy, const ConfigurationState& routes);

  v1::TransportStatus Get() const;

 private:
  v1::ServiceStatus& Service(absl::string_view name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  v1::TransportStatus status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_STATUS_BOARD_H_
