// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/memory_info.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "vmxsim/memory_info.h"

namespace toolboxd::guest_info {
namespace {

using ::std::string_literals::operator""s;

constexpr uint64_t kMib = 1024 * 1024;

MemorySample Sample() {
  MemorySample sample;
  sample.uptime_centiseconds = 1000;
  sample.memory.set_total_bytes(1000 * kMib);
  sample.memory.set_physically_usable_bytes(1020 * kMib);
  sample.memory.set_available_bytes(600 * kMib);
  sample.memory.set_free_bytes(300 * kMib);
  sample.memory.set_huge_pages_total(7);
  sample.memory.set_page_size_bytes(4096);
  sample.memory.set_pages_in(5000);
  sample.memory.set_context_switches(uint64_t{1} << 40);
  return sample;
}

std::optional<double> Find(const vmxsim::MemoryInfo& info, Stat id) {
  for (const vmxsim::Statistic& statistic : info.statistics) {
    if (statistic.id == static_cast<uint64_t>(id)) return statistic.value;
  }
  ADD_FAILURE() << "no statistic " << static_cast<int>(id);
  return std::nullopt;
}

TEST(MemoryInfo, BeginsWithTheEarlyBlock) {
  const std::string value = EncodeMemoryInfo(Sample(), nullptr);
  ASSERT_GT(value.size(), 112u);
  EXPECT_EQ(value.substr(0, 16), "\5\0\0\0\1\4\0\0\0\xf0\x0f\0\0\0\0\0"s);
  EXPECT_EQ(value.substr(88, 8), "\7\0\0\0\0\0\0\0"s);
}

TEST(MemoryInfo, FirstStatisticCarriesTheNamespace) {
  const std::string value = EncodeMemoryInfo(Sample(), nullptr);
  // Huge page size: namespace, id 11, type 9, KiB, value 0.
  EXPECT_EQ(value.substr(112, 4 + 12 + 3 + 3 + 4 + 2),
            "\xae\0\0\0\x0a\0_tools/v1\0\1\0\x0b\1\0\x09\2\0\3\x08\0\0"s);
  // Usable memory: 1,044,480 KiB in four bytes.
  EXPECT_EQ(value.substr(140, 4 + 3 + 3 + 4 + 6),
            "\xac\0\0\0\1\0\6\1\0\x09\2\0\3\x08\4\0\0\xf0\x0f\0"s);
}

TEST(MemoryInfo, HostReadsWhatWasEncoded) {
  const auto info = vmxsim::DecodeMemoryInfo(EncodeMemoryInfo(Sample(), nullptr));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->version, 5u);
  EXPECT_EQ(info->total_kibibytes, 1020u * 1024);
  EXPECT_EQ(info->huge_pages_total, 7u);
  EXPECT_EQ(info->statistics.size(), 18u);
  for (const vmxsim::Statistic& statistic : info->statistics) {
    EXPECT_EQ(statistic.name_space, "_tools/v1");
  }
  EXPECT_EQ(Find(*info, Stat::kTotal), 1000 * 1024);
  EXPECT_EQ(Find(*info, Stat::kFree), 300 * 1024);
  EXPECT_EQ(Find(*info, Stat::kPageSize), 4096);
  EXPECT_EQ(Find(*info, Stat::kNeededReservation), 51 * 1024);
  EXPECT_EQ(Find(*info, Stat::kNeeded), (1020 - (600 - 51)) * 1024);
}

TEST(MemoryInfo, RatesNeedAPreviousSample) {
  const auto info = vmxsim::DecodeMemoryInfo(EncodeMemoryInfo(Sample(), nullptr));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(Find(*info, Stat::kPageInRate), std::nullopt);
}

TEST(MemoryInfo, RatesArePerSecond) {
  MemorySample later = Sample();
  later.uptime_centiseconds += 3000;
  later.memory.set_pages_in(5000 + 60);
  later.memory.set_context_switches(later.memory.context_switches() + 10);
  const MemorySample previous = Sample();
  const auto info = vmxsim::DecodeMemoryInfo(EncodeMemoryInfo(later, &previous));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(Find(*info, Stat::kPageInRate), 2.0);
  EXPECT_EQ(Find(*info, Stat::kPageOutRate), 0.0);
  EXPECT_DOUBLE_EQ(*Find(*info, Stat::kContextSwapRate), 10.0 / 30);
}

TEST(MemoryInfo, CountersThatFellGiveNoRate) {
  MemorySample later = Sample();
  later.uptime_centiseconds += 3000;
  later.memory.set_pages_in(1);
  const MemorySample previous = Sample();
  const auto info = vmxsim::DecodeMemoryInfo(EncodeMemoryInfo(later, &previous));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(Find(*info, Stat::kPageInRate), std::nullopt);
}

TEST(MemoryInfo, GuestWithoutAvailableMemoryNeedsAllOfIt) {
  MemorySample sample = Sample();
  sample.memory.set_available_bytes(0);
  const auto info = vmxsim::DecodeMemoryInfo(EncodeMemoryInfo(sample, nullptr));
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(Find(*info, Stat::kNeeded), 1020 * 1024);
}

}  // namespace
}  // namespace toolboxd::guest_info
