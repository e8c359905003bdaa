// SPDX-License-Identifier: Apache-2.0

#include "rpctool/guest_stats.h"

#include <string>

#include "gtest/gtest.h"

namespace toolboxd::rpctool {
namespace {

std::string Word(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift);
  return bytes;
}

// Version 3, session 0x0102030405060708, and this data.
std::string Reply(const std::string& data) {
  std::string reply("\x03\0\0\0\x08\x07\x06\x05\x04\x03\x02\x01", 12);
  return reply + std::string(4, '\0') + data;
}

// Reservation 0, limit unlimited, shares 2000, used 123456789012 ms: docs/protocol/rpc.md.
std::string Vector() {
  return Word(4) + Word(1) + Word(1) + Word(0) + Word(2) + Word(1) + Word(0xffffffff) + Word(3) +
         Word(1) + Word(2000) + Word(4) + Word(1) + Word(0x1c) + Word(0xbe991a14);
}

TEST(GuestStats, ReadsTheVector) {
  const std::string reply = Reply(Vector());
  const GuestStats stats(reply);
  EXPECT_EQ(stats.Session(), 0x0102030405060708u);
  EXPECT_EQ(stats.Number(kCpuReservationMhz), 0u);
  EXPECT_EQ(stats.Number(kCpuLimitMhz), 0xffffffffu);
  EXPECT_EQ(stats.Number(3), 2000u);
  EXPECT_FALSE(stats.Number(kMemoryLimitMb).has_value());
  // A number of 64 bits.
  EXPECT_FALSE(stats.Number(4).has_value());
}

TEST(GuestStats, StringsAndWideNumbersArePassedOver) {
  const std::string reply = Reply(Word(4) + Word(17) + Word(1) + Word(0) + Word(9) + Word(18) +
                                  Word(1) + Word(5) + std::string("/root\0\0\0", 8) + Word(12) +
                                  Word(1) + Word(64) + Word(13) + Word(0) + Word(7));
  const GuestStats stats(reply);
  EXPECT_EQ(stats.Number(kMemoryBalloonedMb), 64u);
  // The host does not know it.
  EXPECT_FALSE(stats.Number(kMemorySwappedMb).has_value());
}

TEST(GuestStats, EveryTruncationIsSurvived) {
  const std::string reply = Reply(Vector());
  for (size_t size = 0; size < reply.size(); ++size) {
    const std::string part = reply.substr(0, size);
    for (uint32_t id = 0; id <= 40; ++id) GuestStats(part).Number(id);
  }
  EXPECT_FALSE(GuestStats(reply.substr(0, 15)).Session().has_value());
}

TEST(GuestStats, LengthBeyondTheReplyIsNotBelieved) {
  for (const uint32_t size : {0x100u, 0x7fffffffu, 0xfffffffdu, 0xffffffffu}) {
    const std::string reply =
        Reply(Word(2) + Word(18) + Word(1) + Word(size) + Word(12) + Word(1) + Word(64));
    EXPECT_FALSE(GuestStats(reply).Number(kMemoryBalloonedMb).has_value()) << size;
  }
}

TEST(GuestStats, OtherVersionsAreRefused) {
  std::string reply = Reply(Vector());
  reply[0] = 2;
  EXPECT_FALSE(GuestStats(reply).Session().has_value());
  EXPECT_FALSE(GuestStats(reply).Number(kCpuLimitMhz).has_value());
}

}  // namespace
}  // namespace toolboxd::rpctool
