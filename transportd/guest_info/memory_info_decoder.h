// SPDX-License-Identifier: Apache-2.0

// Reads what memory_info.h writes: for the simulated host, and for tests.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_INFO_MEMORY_INFO_DECODER_H_
#define TOOLBOXD_TRANSPORTD_GUEST_INFO_MEMORY_INFO_DECODER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::guest_info {

struct Statistic {
  // "_tools/v1", also where the message named it only in an earlier statistic.
  std::string name_space;
  uint64_t id = 0;
  // ValueType and Unit of memory_info.h, or something newer.
  uint64_t type = 0;
  uint64_t unit = 0;
  // Integers are exact up to 2^53. Empty where the guest had nothing to say, and for
  // texts and blobs, which are skipped.
  std::optional<double> value;
};

struct MemoryInfo {
  uint32_t version = 0;
  // Of the early block; 0 where its flags say that they are not valid.
  uint64_t total_kibibytes = 0;
  uint64_t huge_pages_total = 0;
  std::vector<Statistic> statistics;
};

// InvalidArgument for a truncated value and for numbers of a size that is not used.
absl::StatusOr<MemoryInfo> DecodeMemoryInfo(absl::string_view value);

}  // namespace toolboxd::guest_info

#endif  // TOOLBOXD_TRANSPORTD_GUEST_INFO_MEMORY_INFO_DECODER_H_
