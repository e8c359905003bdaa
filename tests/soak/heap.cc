// SPDX-License-Identifier: Apache-2.0

#include "tests/soak/heap.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/unique_fd.h"

namespace toolboxd::soak {
namespace {

constexpr size_t kHeader = 16, kSmallest = 32;
// A thread may allocate while the heap is read.
constexpr int kAttempts = 5;

uint64_t SizeWord(absl::string_view heap, size_t chunk) {
  uint64_t word;
  std::memcpy(&word, heap.data() + chunk + 8, sizeof word);
  return word;
}

struct Range {
  uint64_t begin = 0;
  uint64_t end = 0;
};

Range HeapOf(pid_t pid) {
  std::ifstream maps(absl::StrCat("/proc/", pid, "/maps"));
  for (std::string line; std::getline(maps, line);) {
    if (!absl::EndsWith(line, "[heap]")) continue;
    const absl::string_view addresses = absl::string_view(line).substr(0, line.find(' '));
    const std::pair<absl::string_view, absl::string_view> ends = absl::StrSplit(addresses, '-');
    Range range;
    if (absl::SimpleHexAtoi(ends.first, &range.begin) &&
        absl::SimpleHexAtoi(ends.second, &range.end)) {
      return range;
    }
  }
  return {};
}

}  // namespace

std::optional<uint64_t> AllocatedBytes(absl::string_view heap) {
  uint64_t allocated = 0;
  for (size_t chunk = 0; chunk + kHeader <= heap.size();) {
    const uint64_t size = SizeWord(heap, chunk) & ~uint64_t{7};
    const size_t left = heap.size() - chunk;
    if (size < kSmallest || size % kHeader != 0 || size > left) return std::nullopt;
    // The last one is what is free at the end.
    if (left - size < kHeader) return allocated;
    if ((SizeWord(heap, chunk + size) & 1) != 0) allocated += size;
    chunk += size;
  }
  return std::nullopt;
}

std::optional<uint64_t> AllocatedBytes(pid_t pid) {
  const UniqueFd memory(open(absl::StrCat("/proc/", pid, "/mem").c_str(), O_RDONLY | O_CLOEXEC));
  if (!memory.ok()) return std::nullopt;
  std::string heap;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Range range = HeapOf(pid);
    if (range.end <= range.begin) return 0;
    heap.resize(range.end - range.begin);
    const ssize_t size =
        pread(memory.get(), heap.data(), heap.size(), static_cast<off_t>(range.begin));
    if (size != static_cast<ssize_t>(heap.size())) continue;
    if (const std::optional<uint64_t> allocated = AllocatedBytes(heap); allocated) return allocated;
  }
  return std::nullopt;
}

}  // namespace toolboxd::soak
