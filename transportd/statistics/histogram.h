// SPDX-License-Identifier: Apache-2.0

// Histogram: how long something took, counted in fixed classes.

#ifndef TOOLBOXD_TRANSPORTD_STATISTICS_HISTOGRAM_H_
#define TOOLBOXD_TRANSPORTD_STATISTICS_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// Thread-safe; recording is two additions without a lock. A reader may see one of them first.
class Histogram {
 public:
  // The upper bounds of the classes in microseconds, each included; longer times are in one more.
  static constexpr std::array<int64_t, 10> kBounds = {100,   300,    1000,   3000,    10000,
                                                      30000, 100000, 300000, 1000000, 5000000};

  void Record(absl::Duration time);

  uint64_t count() const;

  // With bounds in seconds; each class has the ones below it too.
  v1::HistogramValue Value() const;

 private:
  std::array<std::atomic<uint64_t>, kBounds.size() + 1> classes_ = {};
  std::atomic<uint64_t> sum_micros_{0};
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_STATISTICS_HISTOGRAM_H_
