// SPDX-License-Identifier: Apache-2.0

// StatusBoard: what GetStatus returns, written by all threads.

#ifndef TOOLBOXD_TRANSPORTD_STATUS_BOARD_H_
#define TOOLBOXD_TRANSPORTD_STATUS_BOARD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "base/config_file.h"
#include "toolboxd/v1/transport.pb.h"
#include "transportd/statistics/request_statistics.h"

namespace toolboxd {

// Thread-safe. Its mutex is held for an assignment or a copy only.
class StatusBoard {
 public:
  // Failures of one service that are kept, and the bytes of each one's text.
  static constexpr int kMaxFailures = 3;
  static constexpr size_t kMaxReason = 400;

  // The start is now.
  StatusBoard();

  // Called when a service's stream has ended or is there again, with a sentence about it; outside
  // of the mutex, by the thread that reports it. To be set before other threads use the board.
  void set_on_fault(std::function<void(const std::string& text)> on_fault) {
    on_fault_ = std::move(on_fault);
  }

  // Adds to a counter, which appears with its first count.
  void Count(absl::string_view counter, uint64_t by = 1);

  // Whether the host has accepted the registration; `true` also sets its time to now.
  void SetRegistered(bool registered);

  void SetHost(v1::Host host);

  // The channel of the host's commands, such as "backdoor, high bandwidth", and empty if there is
  // none; and why it is not a better one, or what broke it.
  void SetChannel(absl::string_view channel, absl::string_view reason = "");
  // The channel of requests to the host, in the same form.
  void SetRpciChannel(absl::string_view channel);

  // The address that the host has; empty if it has none.
  void SetReportedAddress(absl::string_view address);

  // A connection to a service was made or, with its error, ended.
  void SetConnected(absl::string_view service);
  void SetDisconnected(absl::string_view service, const absl::Status& error);
  // A call to a service ended.
  void CountCall(absl::string_view service, const absl::Status& status);

  // Record that a quiesced snapshot began, that it ended, and for how many microseconds the file
  // systems were frozen.
  enum class Snapshot { kTaken, kFailed };
  void BeginSnapshot();
  void EndSnapshot(Snapshot outcome);
  void SetFrozenTime(uint64_t micros);

  // The result of reading the configuration of guest operations.
  void SetConfiguration(const ConfigurationState& policy, const ConfigurationState& routes);

  // What routes.d binds; at most kMaxExtensions are kept.
  static constexpr int kMaxExtensions = 100;
  void SetExtensions(std::vector<v1::ExtensionStatus> extensions);

  // The host's requests by kind.
  RequestStatistics& requests() { return requests_; }
  const RequestStatistics& requests() const { return requests_; }

  v1::TransportStatus Get() const;

 private:
  RequestStatistics requests_;
  std::function<void(const std::string& text)> on_fault_ = [](const std::string&) {};

  v1::ServiceStatus& Service(absl::string_view name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void AddFailure(const absl::Status& error, v1::ServiceStatus& service);

  mutable absl::Mutex mutex_;
  v1::TransportStatus status_ ABSL_GUARDED_BY(mutex_);
  // Connections made, by service.
  std::map<std::string, uint64_t> connections_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_STATUS_BOARD_H_
