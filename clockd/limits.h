// SPDX-License-Identifier: Apache-2.0

// What no host, and no transportd, may ask of the clock (docs/protocol/time.md 10.6).

#ifndef TOOLBOXD_CLOCKD_LIMITS_H_
#define TOOLBOXD_CLOCKD_LIMITS_H_

#include <cstdint>

#include "absl/time/time.h"

namespace toolboxd::clockd {

// The largest step, in microseconds: ten years.
inline constexpr int64_t kMaxStep = int64_t{3653} * 86400 * 1000000;
// The clock is not set to a time before 2020 or after 2099, in microseconds since 1970.
inline constexpr int64_t kEarliest = int64_t{1577836800} * 1000000;
inline constexpr int64_t kLatest = int64_t{4102444800} * 1000000;
// How far the epoch of a request may differ from the clock's, in microseconds. Above what a thread
// waits between two readings, below what matters.
inline constexpr int64_t kEpochTolerance = 10000;
// The greatest age of a request, in microseconds. Above what transportd waits.
inline constexpr int64_t kMaxAge = 3000000;
// Steps within a time.
inline constexpr int kMaxSteps = 10;
inline constexpr absl::Duration kStepWindow = absl::Minutes(1);

// The limits of a rate: the tick in microseconds, the loop's offset in microseconds, and its
// frequency in parts per million times 65536.
inline constexpr int64_t kNominalTick = 10000;
inline constexpr int64_t kLeastTick = 9000;
inline constexpr int64_t kMostTick = 11000;
inline constexpr int64_t kMaxOffset = 500000;
inline constexpr int64_t kMaxFrequency = int64_t{500} * 65536;

}  // namespace toolboxd::clockd

#endif  // TOOLBOXD_CLOCKD_LIMITS_H_
