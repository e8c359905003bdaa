// SPDX-License-Identifier: Apache-2.0

// Decodes a guest's memory information, independently of the encoder that is under test
// (docs/protocol/guest-info.md 3.6).

#ifndef TOOLBOXD_VMXSIM_MEMORY_INFO_H_
#define TOOLBOXD_VMXSIM_MEMORY_INFO_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::vmxsim {

struct Statistic {
  // Also where the message names it only in an earlier statistic.
  std::string name_space;
  // Numbers of the format's tables, whatever they are.
  uint64_t id = 0;
  uint64_t type = 0;
  uint64_t unit = 0;
  // Integers are exact up to 2^53. Empty where the guest sent no value, and for types other than
  // u64 and double.
  std::optional<double> value;
};

struct MemoryInfo {
  uint32_t version = 0;
  // The numbers of the early block; 0 where its flags say that they are not valid.
  uint64_t total_kibibytes = 0;
  uint64_t huge_pages_total = 0;
  std::vector<Statistic> statistics;
};

// Decodes SetGuestInfo type 8. INVALID_ARGUMENT: truncated, undefined flags, or an integer of a
// size that is not used.
absl::StatusOr<MemoryInfo> DecodeMemoryInfo(absl::string_view bytes);

// For people: the line "memory: total N KiB, N statistics".
std::string MemoryInfoText(const MemoryInfo& info);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_MEMORY_INFO_H_
