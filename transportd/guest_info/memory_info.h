// SPDX-License-Identifier: Apache-2.0

// The guest's memory as the host expects it: value of SetGuestInfo type 8
// (docs/protocol/guest-info.md 3.6).

#ifndef TOOLBOXD_TRANSPORTD_GUEST_INFO_MEMORY_INFO_H_
#define TOOLBOXD_TRANSPORTD_GUEST_INFO_MEMORY_INFO_H_

#include <cstdint>
#include <string>

#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guest_info {

// Identifiers in the namespace "_tools/v1"; those that are sent.
enum class Stat : uint32_t {
  kContextSwapRate = 2,
  kActiveFileCache = 3,
  kFree = 4,
  kNeeded = 5,
  kPhysicallyUsable = 6,
  kPageInRate = 7,
  kPageOutRate = 8,
  kSwapRemaining = 9,
  kPageSize = 10,
  kHugePageSize = 11,
  kHugePagesTotal = 12,
  kNeededReservation = 13,
  kAvailable = 25,
  kBuffers = 26,
  kCached = 27,
  kSlabReclaimable = 34,
  kTotal = 60,
  kRunQueue = 61,
};

// GuestUnits of the format: a base type, a rate bit (0x40) and a scale.
enum class Unit : uint32_t {
  kNumber = 0x2,
  kBytes = 0x3,
  kNumberPerSecond = 0x42,
  kKibibytes = 0x803,
  kPagesPerSecond = 0x8043,
  kHugePages = 0x8803,
};

// GuestType of the format.
enum class ValueType : uint32_t { kUnsigned = 9, kDouble = 11 };

struct MemorySample {
  v1::Memory memory;
  uint64_t uptime_centiseconds = 0;
};

// The early block of 112 bytes and the list of statistics. Rates are the difference to
// `previous`; without one, or when no time has passed, they are named but have no value.
// "Needed" is what is not available, plus a reserve of 5 % of the usable memory.
std::string EncodeMemoryInfo(const MemorySample& current, const MemorySample* previous);

}  // namespace toolboxd::guest_info

#endif  // TOOLBOXD_TRANSPORTD_GUEST_INFO_MEMORY_INFO_H_
