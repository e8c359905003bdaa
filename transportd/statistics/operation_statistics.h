// SPDX-License-Identifier: Apache-2.0

// OperationStatistics: guest operations by result.

#ifndef TOOLBOXD_TRANSPORTD_STATISTICS_OPERATION_STATISTICS_H_
#define TOOLBOXD_TRANSPORTD_STATISTICS_OPERATION_STATISTICS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// Thread-safe. Operations and results are constants of the program, and few of their pairs occur;
// beyond kMaxPairs they are counted together.
class OperationStatistics {
 public:
  static constexpr size_t kMaxPairs = 300;

  // `operation` is vSphere's name or a constant like it, `result` the VIX code.
  void Count(absl::string_view operation, uint32_t result);

  // Appends the family.
  void AddTo(v1::Metrics& metrics) const;

 private:
  mutable absl::Mutex mutex_;
  std::map<std::pair<std::string, uint32_t>, uint64_t> counts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_STATISTICS_OPERATION_STATISTICS_H_
