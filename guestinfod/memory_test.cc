// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/memory.h"

#include "gtest/gtest.h"

namespace toolboxd::guestinfod {
namespace {

TEST(MemInfo, ValuesAreBytes) {
  v1::Memory memory;
  ParseMemInfo(
      "MemTotal:        2048 kB\nMemFree:          100 kB\nActive:           30 kB\n"
      "Active(file):     20 kB\nSwapCached:        7 kB\nCached:           40 kB\n"
      "HugePages_Total:       3\nHugepagesize:     2048 kB\n",
      memory);
  EXPECT_EQ(memory.total_bytes(), 2048u * 1024);
  EXPECT_EQ(memory.free_bytes(), 100u * 1024);
  EXPECT_EQ(memory.active_bytes(), 30u * 1024);
  EXPECT_EQ(memory.active_file_bytes(), 20u * 1024);
  EXPECT_EQ(memory.cached_bytes(), 40u * 1024);
  EXPECT_EQ(memory.huge_pages_total(), 3u);
  EXPECT_EQ(memory.huge_page_size_bytes(), 2048u * 1024);
}

TEST(MemInfo, MalformedLinesAreSkipped) {
  v1::Memory memory;
  ParseMemInfo("MemTotal:\nMemFree: x kB\nBuffers: -1 kB\nMemTotal: 99999999999999999999 kB\n",
               memory);
  EXPECT_EQ(memory.SerializeAsString(), "");
}

TEST(VmStat, CountersAreParsed) {
  v1::Memory memory;
  ParseVmStat("pgpgin 11\npgpgout 12\npswpin 13\npswpout 14\npgpgin_extra 9\n", memory);
  EXPECT_EQ(memory.pages_in(), 11u);
  EXPECT_EQ(memory.pages_out(), 12u);
  EXPECT_EQ(memory.pages_swapped_in(), 13u);
  EXPECT_EQ(memory.pages_swapped_out(), 14u);
}

TEST(ProcStat, ReadingProcessIsNotCountedAsRunnable) {
  v1::Memory memory;
  ParseStat("cpu  1 2 3\nctxt 99\nprocs_running 4\nprocs_blocked 0\n", memory);
  EXPECT_EQ(memory.context_switches(), 99u);
  EXPECT_EQ(memory.runnable_tasks(), 3u);
}

TEST(ZoneInfo, ValuesOfAllZonesAreSummed) {
  v1::Memory memory;
  ParseZoneInfo(
      "Node 0, zone DMA\n        spanned  4095\n        present  10\n"
      "Node 0, zone Normal\n        present  20\n      nr_present_x 5\n",
      4096, memory);
  EXPECT_EQ(memory.physically_usable_bytes(), 30u * 4096);
}

TEST(Uptime, ParsesToHundredthsOfASecond) {
  EXPECT_EQ(ParseUptime("12345.67 54321.00\n"), 1234567u);
  EXPECT_EQ(ParseUptime("0.05 0.00"), 5u);
  EXPECT_EQ(ParseUptime(""), 0u);
  EXPECT_EQ(ParseUptime("12"), 0u);
  EXPECT_EQ(ParseUptime("a.bc 1"), 0u);
}

TEST(GuestMemory, ValuesOfThisMachineArePlausible) {
  const v1::Memory memory = ReadMemory("");
  EXPECT_GT(memory.total_bytes(), 64u << 20);
  EXPECT_GT(memory.available_bytes(), 0u);
  EXPECT_LE(memory.available_bytes(), memory.total_bytes());
  EXPECT_GE(memory.physically_usable_bytes(), memory.total_bytes());
  EXPECT_GT(memory.context_switches(), 0u);
  EXPECT_GT(ReadUptime(""), 0u);
}

}  // namespace
}  // namespace toolboxd::guestinfod
