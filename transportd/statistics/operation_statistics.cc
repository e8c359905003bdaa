// SPDX-License-Identifier: Apache-2.0

#include "transportd/statistics/operation_statistics.h"

#include "absl/strings/str_cat.h"
#include "transportd/statistics/families.h"

namespace toolboxd {

void OperationStatistics::Count(absl::string_view operation, uint32_t result) {
  absl::MutexLock lock(&mutex_);
  std::pair<std::string, uint32_t> pair(operation, result);
  if (counts_.size() >= kMaxPairs && counts_.count(pair) == 0)
    pair = {"other", result == 0 ? 0 : 1};
  ++counts_[pair];
}

void OperationStatistics::AddTo(v1::Metrics& metrics) const {
  v1::MetricFamily& family =
      AddFamily(metrics, v1::MetricFamily::COUNTER, "toolboxd_guest_operations",
                "Guest operations that have ended, by vSphere's name and VIX result.");
  absl::MutexLock lock(&mutex_);
  for (const auto& [pair, count] : counts_) {
    AddValue(family, static_cast<double>(count),
             {{"operation", pair.first}, {"result", absl::StrCat(pair.second)}});
  }
}

}  // namespace toolboxd
