// SPDX-License-Identifier: Apache-2.0

#include "transportd/statistics/histogram.h"

#include <algorithm>
#include <limits>

namespace toolboxd {

void Histogram::Record(absl::Duration time) {
  const int64_t micros = std::max<int64_t>(0, absl::ToInt64Microseconds(time));
  const size_t index = std::lower_bound(kBounds.begin(), kBounds.end(), micros) - kBounds.begin();
  classes_[index].fetch_add(1, std::memory_order_relaxed);
  sum_micros_.fetch_add(micros, std::memory_order_relaxed);
}

uint64_t Histogram::count() const {
  uint64_t count = 0;
  for (const auto& one : classes_) count += one.load(std::memory_order_relaxed);
  return count;
}

v1::HistogramValue Histogram::Value() const {
  v1::HistogramValue value;
  uint64_t count = 0;
  for (size_t i = 0; i < classes_.size(); ++i) {
    count += classes_[i].load(std::memory_order_relaxed);
    v1::HistogramValue::Bucket& bucket = *value.add_buckets();
    bucket.set_upper_bound(i < kBounds.size() ? static_cast<double>(kBounds[i]) / 1e6
                                              : std::numeric_limits<double>::infinity());
    bucket.set_count(count);
  }
  value.set_count(count);
  value.set_sum(static_cast<double>(sum_micros_.load(std::memory_order_relaxed)) / 1e6);
  return value;
}

}  // namespace toolboxd
