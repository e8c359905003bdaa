// SPDX-License-Identifier: Apache-2.0

// What the host says of this virtual machine's resources: the reply to guestlib.info.get 3.

#ifndef TOOLBOXD_RPCTOOL_GUEST_STATS_H_
#define TOOLBOXD_RPCTOOL_GUEST_STATS_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace toolboxd::rpctool {

// Ids of statistics that are numbers of 32 bits.
inline constexpr uint32_t kCpuReservationMhz = 1;
inline constexpr uint32_t kCpuLimitMhz = 2;
inline constexpr uint32_t kMemoryReservationMb = 6;
inline constexpr uint32_t kMemoryLimitMb = 7;
inline constexpr uint32_t kMemoryBalloonedMb = 12;
inline constexpr uint32_t kMemorySwappedMb = 13;

// Reads replies of version 3: little-endian u32 version, u64 session, u32 size, then in XDR a count
// and for each statistic its id, whether it is valid, and its value.
class GuestStats {
 public:
  // `reply` must outlive this object.
  explicit GuestStats(std::string_view reply) : reply_(reply) {}

  // Nothing if the reply is of another version, or too short.
  std::optional<uint64_t> Session() const;
  // Nothing if the host does not know it, or the reply ends before.
  std::optional<uint32_t> Number(uint32_t id) const;

 private:
  const std::string_view reply_;
};

}  // namespace toolboxd::rpctool

#endif  // TOOLBOXD_RPCTOOL_GUEST_STATS_H_
