// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/memory.h"

#include <unistd.h>

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/small_file.h"
#include "guestinfod/text.h"

namespace toolboxd::guestinfod {
namespace {

// On a machine with many CPUs and nodes /proc/zoneinfo and /proc/stat are long.
constexpr size_t kMaxFile = 256 * 1024;

using Setter = void (v1::Memory::*)(uint64_t);

struct Figure {
  absl::string_view key;
  Setter set;
};

constexpr Figure kMemInfo[] = {
    {"MemTotal:", &v1::Memory::set_total_bytes},
    {"MemFree:", &v1::Memory::set_free_bytes},
    {"MemAvailable:", &v1::Memory::set_available_bytes},
    {"Buffers:", &v1::Memory::set_buffers_bytes},
    {"Cached:", &v1::Memory::set_cached_bytes},
    {"Active:", &v1::Memory::set_active_bytes},
    {"Inactive:", &v1::Memory::set_inactive_bytes},
    {"Active(file):", &v1::Memory::set_active_file_bytes},
    {"SwapTotal:", &v1::Memory::set_swap_total_bytes},
    {"SwapFree:", &v1::Memory::set_swap_free_bytes},
    {"Dirty:", &v1::Memory::set_dirty_bytes},
    {"Committed_AS:", &v1::Memory::set_committed_bytes},
    {"SReclaimable:", &v1::Memory::set_slab_reclaimable_bytes},
    {"HugePages_Total:", &v1::Memory::set_huge_pages_total},
    {"Hugepagesize:", &v1::Memory::set_huge_page_size_bytes},
};

constexpr Figure kVmStat[] = {
    {"pswpin", &v1::Memory::set_pages_swapped_in},
    {"pswpout", &v1::Memory::set_pages_swapped_out},
    {"pgpgin", &v1::Memory::set_pages_in},
    {"pgpgout", &v1::Memory::set_pages_out},
};

constexpr Figure kStat[] = {
    {"ctxt", &v1::Memory::set_context_switches},
    {"procs_running", &v1::Memory::set_runnable_tasks},
};

// Lines of a key and a number, with or without "kB" after it.
template <size_t n>
void ParseFigures(absl::string_view text, const Figure (&figures)[n], v1::Memory& memory) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    for (const Figure& figure : figures) {
      if (!absl::StartsWith(line, figure.key)) continue;
      const std::vector<absl::string_view> fields = Fields(line);
      uint64_t value = 0;
      if (fields.size() < 2 || fields[0] != figure.key || !absl::SimpleAtoi(fields[1], &value)) {
        continue;
      }
      (memory.*figure.set)(fields.size() > 2 && fields[2] == "kB" ? value * 1024 : value);
    }
  }
}

}  // namespace

void ParseMemInfo(absl::string_view text, v1::Memory& memory) {
  ParseFigures(text, kMemInfo, memory);
}

void ParseVmStat(absl::string_view text, v1::Memory& memory) {
  ParseFigures(text, kVmStat, memory);
}

void ParseStat(absl::string_view text, v1::Memory& memory) {
  ParseFigures(text, kStat, memory);
  // The reading task itself is one of them.
  if (memory.runnable_tasks() > 0) memory.set_runnable_tasks(memory.runnable_tasks() - 1);
}

void ParseZoneInfo(absl::string_view text, uint64_t page_size, v1::Memory& memory) {
  uint64_t pages = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::StrContains(line, "present")) continue;
    const std::vector<absl::string_view> fields = Fields(line);
    uint64_t present = 0;
    if (fields.size() == 2 && fields[0] == "present" && absl::SimpleAtoi(fields[1], &present)) {
      pages += present;
    }
  }
  memory.set_physically_usable_bytes(pages * page_size);
}

uint64_t ParseUptime(absl::string_view text) {
  // "12345.67 54321.00": seconds with two decimals, then the idle time.
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(text.substr(0, text.find(' ')), absl::MaxSplits('.', 1));
  uint64_t seconds = 0;
  uint64_t hundredths = 0;
  if (!absl::SimpleAtoi(parts.first, &seconds) || parts.second.size() != 2 ||
      !absl::SimpleAtoi(parts.second, &hundredths)) {
    return 0;
  }
  return seconds * 100 + hundredths;
}

v1::Memory ReadMemory(const std::string& root) {
  const auto page_size = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  v1::Memory memory;
  memory.set_page_size_bytes(page_size);
  ParseMemInfo(ReadLines(root + "/proc/meminfo", kMaxFile), memory);
  ParseVmStat(ReadLines(root + "/proc/vmstat", kMaxFile), memory);
  ParseStat(ReadLines(root + "/proc/stat", kMaxFile), memory);
  ParseZoneInfo(ReadLines(root + "/proc/zoneinfo", kMaxFile), page_size, memory);
  return memory;
}

uint64_t ReadUptime(const std::string& root) {
  return ParseUptime(ReadSmallFileOrEmpty(root + "/proc/uptime", 128));
}

}  // namespace toolboxd::guestinfod
