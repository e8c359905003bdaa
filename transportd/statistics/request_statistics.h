// SPDX-License-Identifier: Apache-2.0

// RequestStatistics: the host's requests by kind, and how long their answers took.

#ifndef TOOLBOXD_TRANSPORTD_STATISTICS_REQUEST_STATISTICS_H_
#define TOOLBOXD_TRANSPORTD_STATISTICS_REQUEST_STATISTICS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "toolboxd/v1/transport.pb.h"
#include "transportd/statistics/histogram.h"

namespace toolboxd {

// A fixed number of kinds, so that no host makes more of them. Thread-safe.
class RequestStatistics {
 public:
  static constexpr size_t kKinds = 11;

  // One request, as received, was answered.
  void Record(absl::string_view request, bool ok, absl::Duration time);

  // Appends the families of host requests.
  void AddTo(v1::Metrics& metrics) const;

  // Such as "guest_operation"; "other" for commands of extensions and unknown ones.
  static absl::string_view KindOf(absl::string_view request);

 private:
  std::array<Histogram, kKinds> times_;
  std::array<std::atomic<uint64_t>, kKinds> refused_ = {};
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_STATISTICS_REQUEST_STATISTICS_H_
