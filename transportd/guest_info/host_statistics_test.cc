// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/host_statistics.h"

#include <string>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"

namespace toolboxd::guest_info {
namespace {

// Version 3, a session, a size.
std::string Reply(const std::string& hex) {
  return absl::HexStringToBytes("030000001122334455667788") + std::string("\x38\0\0\0", 4) +
         absl::HexStringToBytes(hex);
}

// Reservation 0, no limit, 2000 shares, 123456789012 ms used.
constexpr char kVector[] =
    "00000004"
    "000000010000000100000000"
    "0000000200000001ffffffff"
    "0000000300000001000007d0"
    "00000004000000010000001cbe991a14";

TEST(HostStatistics, VectorIsDecoded) {
  const auto statistics = DecodeHostStatistics(Reply(kVector));
  ASSERT_TRUE(statistics.ok()) << statistics.status();
  ASSERT_EQ(statistics->statistics_size(), 4);
  EXPECT_EQ(statistics->statistics(0).name(), "cpu_reservation");
  EXPECT_EQ(statistics->statistics(0).unit(), "MHz");
  EXPECT_TRUE(statistics->statistics(1).unlimited());
  EXPECT_EQ(statistics->statistics(2).value(), 2000u);
  EXPECT_EQ(statistics->statistics(3).name(), "cpu_used");
  EXPECT_EQ(statistics->statistics(3).value(), 123456789012u);
}

TEST(HostStatistics, InvalidStatisticsAreLeftOut) {
  const auto statistics =
      DecodeHostStatistics(Reply("00000002"
                                 "0000000c0000000000000007"
                                 "0000000d0000000100000008"));
  ASSERT_TRUE(statistics.ok());
  ASSERT_EQ(statistics->statistics_size(), 1);
  EXPECT_EQ(statistics->statistics(0).name(), "memory_swapped");
}

TEST(HostStatistics, TextIsPaddedAndPrintable) {
  const auto statistics =
      DecodeHostStatistics(Reply("00000002"
                                 "00000012"
                                 "00000001"
                                 "00000005"
                                 "616200ff63000000"
                                 "0000001500000001"
                                 "00000010"));
  ASSERT_TRUE(statistics.ok()) << statistics.status();
  EXPECT_EQ(statistics->statistics(0).text(), "ab??c");
  EXPECT_EQ(statistics->statistics(1).value(), 16u);
}

TEST(HostStatistics, UnknownOneEndsTheList) {
  const auto statistics =
      DecodeHostStatistics(Reply("00000003"
                                 "000000010000000100000007"
                                 "000000630000000100000007"));
  ASSERT_TRUE(statistics.ok());
  EXPECT_EQ(statistics->statistics_size(), 1);
}

TEST(HostStatistics, CutAndOtherRepliesAreErrors) {
  const std::string whole = Reply(kVector);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(DecodeHostStatistics(whole.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(DecodeHostStatistics("Unsupported version").ok());
  EXPECT_FALSE(DecodeHostStatistics(Reply("00000001"
                                          "00000012"
                                          "00000001"
                                          "ffffffff"))
                   .ok());
}

}  // namespace
}  // namespace toolboxd::guest_info
