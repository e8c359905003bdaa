// SPDX-License-Identifier: Apache-2.0

#include "tests/soak/heap.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/unique_fd.h"

namespace toolboxd::soak {
namespace {

constexpr size_t kHeader = 16, kSmallest = 32;
// tcache_perthread_struct since glibc 2.30: a 16-bit count of each of 64 sizes, 16 bytes apart,
// then the first block of each. A count is 7 at most.
constexpr size_t kCacheSizes = 64, kCacheMost = 7, kCacheEntries = kCacheSizes * 2,
                 kCacheChunk = kHeader + kCacheEntries + kCacheSizes * 8;
// A thread may allocate while the heap is read.
constexpr int kAttempts = 5;

template <typename T = uint64_t>
T WordAt(absl::string_view heap, size_t offset) {
  T word;
  std::memcpy(&word, heap.data() + offset, sizeof word);
  return word;
}

uint64_t SizeWord(absl::string_view heap, size_t chunk) { return WordAt(heap, chunk + 8); }

// Offsets of chunks in use, and their sizes.
using Chunks = absl::flat_hash_map<size_t, uint64_t>;

std::optional<Chunks> UsedChunks(absl::string_view heap) {
  Chunks used;
  for (size_t chunk = 0; chunk + kHeader <= heap.size();) {
    const uint64_t size = SizeWord(heap, chunk) & ~uint64_t{7};
    const size_t left = heap.size() - chunk;
    if (size < kSmallest || size % kHeader != 0 || size > left) return std::nullopt;
    // The last one is what is free at the end.
    if (left - size < kHeader) return used;
    if ((SizeWord(heap, chunk + size) & 1) != 0) used[chunk] = size;
    chunk += size;
  }
  return std::nullopt;
}

// The bytes in one list of a thread's cache, or nothing if it is not one: each block is a chunk of
// `size`, and holds the address of the next, mixed with its own, or of nothing.
std::optional<uint64_t> BytesOfList(absl::string_view heap, uint64_t address, const Chunks& used,
                                    uint64_t block, size_t count, uint64_t size) {
  for (size_t i = 0; i < count; ++i) {
    const auto chunk = used.find(block - address - kHeader);
    if (chunk == used.end() || chunk->second != size) return std::nullopt;
    block = WordAt(heap, block - address) ^ (block >> 12);
  }
  if (block != 0) return std::nullopt;
  return count * size;
}

// What the cache at `chunk` keeps, or 0 if another thing of its size is there.
uint64_t CachedBytes(absl::string_view heap, uint64_t address, const Chunks& used, size_t chunk) {
  uint64_t cached = 0;
  for (size_t i = 0; i < kCacheSizes; ++i) {
    const size_t count = WordAt<uint16_t>(heap, chunk + kHeader + i * 2);
    const uint64_t first = WordAt(heap, chunk + kHeader + kCacheEntries + i * 8);
    if (count > kCacheMost) return 0;
    const auto bytes = BytesOfList(heap, address, used, first, count, kSmallest + i * kHeader);
    if (!bytes) return 0;
    cached += *bytes;
  }
  return cached;
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

std::optional<Allocated> AllocatedBytes(absl::string_view heap, uint64_t address) {
  const std::optional<Chunks> used = UsedChunks(heap);
  if (!used) return std::nullopt;
  Allocated allocated;
  for (const auto& [chunk, size] : *used) {
    allocated.used += size;
    if (size == kCacheChunk) allocated.cached += CachedBytes(heap, address, *used, chunk);
  }
  allocated.used -= allocated.cached;
  return allocated;
}

std::optional<Allocated> AllocatedBytes(pid_t pid) {
  const UniqueFd memory(open(absl::StrCat("/proc/", pid, "/mem").c_str(), O_RDONLY | O_CLOEXEC));
  if (!memory.ok()) return std::nullopt;
  std::string heap;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Range range = HeapOf(pid);
    if (range.end <= range.begin) return Allocated{};
    heap.resize(range.end - range.begin);
    const ssize_t size =
        pread(memory.get(), heap.data(), heap.size(), static_cast<off_t>(range.begin));
    if (size != static_cast<ssize_t>(heap.size())) continue;
    if (const auto allocated = AllocatedBytes(heap, range.begin); allocated) return allocated;
  }
  return std::nullopt;
}

}  // namespace toolboxd::soak
