// SPDX-License-Identifier: Apache-2.0

#include "tests/soak/heap.h"

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace toolboxd::soak {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr uint64_t kAddress = 0x555500000000;
constexpr size_t kCacheSize = 656;

template <typename T>
void PutWord(std::string& text, size_t offset, T value) {
  std::memcpy(text.data() + offset, &value, sizeof value);
}

// A chunk's two words and what it holds; `size` is a multiple of 16.
std::string Chunk(uint64_t size, bool before_is_used) {
  std::string chunk(size, 'x');
  PutWord(chunk, 8, size | (before_is_used ? 1 : 0));
  return chunk;
}

// A thread's cache with two blocks of 48 bytes, then three blocks of 48 that are in use or kept,
// then 4,096 free bytes. The list begins with the block at 704.
class HeapWithACache {
 public:
  HeapWithACache() {
    std::string cache = Chunk(kCacheSize, true);
    std::fill(cache.begin() + 16, cache.end(), '\0');
    PutWord<uint16_t>(cache, 16 + 2, 2);
    PutWord(cache, 16 + 128 + 8, Block(1));
    bytes = cache + Chunk(48, true) + Chunk(48, true) + Chunk(48, true) + Chunk(4096, true);
    SetNext(1, Block(0));
    SetNext(0, 0);
  }

  // The address of what the program has of chunk `index` after the cache.
  static uint64_t Block(size_t index) { return kAddress + kCacheSize + index * 48 + 16; }
  void SetNext(size_t index, uint64_t next) {
    PutWord(bytes, Block(index) - kAddress, next ^ (Block(index) >> 12));
  }

  std::string bytes;
};

uint64_t Used(const std::string& heap) {
  return AllocatedBytes(heap, kAddress).value_or(Allocated{}).used;
}

uint64_t Cached(const std::string& heap) {
  return AllocatedBytes(heap, kAddress).value_or(Allocated{}).cached;
}

TEST(Heap, ChunksInUseCountWithTheirHeaders) {
  const std::string heap = Chunk(64, true) + Chunk(128, true) + Chunk(32, false) + Chunk(160, true);
  EXPECT_EQ(Used(heap), 64 + 32);
  EXPECT_EQ(Cached(heap), 0);
}

TEST(Heap, OneThatHasNothingButItsEndHasNothingInUse) {
  EXPECT_EQ(Used(Chunk(4096, true)), 0);
  EXPECT_TRUE(AllocatedBytes(Chunk(4096, true), kAddress));
}

TEST(Heap, OtherBytesAreRefused) {
  EXPECT_FALSE(AllocatedBytes("", kAddress));
  EXPECT_FALSE(AllocatedBytes(std::string(4096, '\0'), kAddress));
  EXPECT_FALSE(AllocatedBytes(std::string(4096, '\xFF'), kAddress));
  EXPECT_FALSE(AllocatedBytes(Chunk(64, true) + Chunk(48, true).substr(0, 40), kAddress));
}

TEST(Heap, BlocksThatAThreadKeepsAreNotInUse) {
  const HeapWithACache heap;
  EXPECT_EQ(Cached(heap.bytes), 2 * 48);
  EXPECT_EQ(Used(heap.bytes), kCacheSize + 48);
}

TEST(Heap, OtherBlockOfACachesSizeIsInUse) {
  const std::string heap = Chunk(kCacheSize, true) + Chunk(4096, true);
  EXPECT_EQ(Used(heap), kCacheSize);
  EXPECT_EQ(Cached(heap), 0);
}

TEST(Heap, ListThatEndsElsewhereThanItsCountSaysMakesNoCache) {
  HeapWithACache longer, elsewhere, missing, too_many;
  longer.SetNext(0, HeapWithACache::Block(2));
  elsewhere.SetNext(1, 16);
  PutWord(missing.bytes, 16 + 128 + 8, uint64_t{0});
  PutWord<uint16_t>(too_many.bytes, 16 + 2, 8);
  for (const HeapWithACache& heap : {longer, elsewhere, missing, too_many}) {
    EXPECT_EQ(Cached(heap.bytes), 0);
    EXPECT_EQ(Used(heap.bytes), kCacheSize + 3 * 48);
  }
}

TEST(Heap, ListInAnotherSizesPlaceMakesNoCache) {
  HeapWithACache heap;
  PutWord<uint16_t>(heap.bytes, 16 + 2, 0);
  PutWord<uint16_t>(heap.bytes, 16 + 4, 2);
  PutWord(heap.bytes, 16 + 128 + 8, uint64_t{0});
  PutWord(heap.bytes, 16 + 128 + 16, HeapWithACache::Block(1));
  EXPECT_EQ(Cached(heap.bytes), 0);
}

TEST(Heap, WhatAProcessTakesAndReturnsIsSeen) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer has a heap of its own";
  const auto now = [] {
    return static_cast<int64_t>(AllocatedBytes(getpid()).value_or(Allocated{}).used);
  };
  constexpr int kBlocks = 1000, kSize = 2000, kTaken = kBlocks * kSize;
  std::vector<std::unique_ptr<char[]>> blocks(kBlocks);
  const int64_t before = now();
  for (auto& block : blocks) block = std::make_unique<char[]>(kSize);
  EXPECT_NEAR(now() - before, kTaken, 0.02 * kTaken);
  for (int i = 0; i < kBlocks; i += 2) blocks[static_cast<size_t>(i)].reset();
  EXPECT_NEAR(now() - before, 0.5 * kTaken, 0.02 * kTaken);
}

TEST(Heap, WhatAThreadKeepsIsSeen) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer has a heap of its own";
  const auto now = [] { return AllocatedBytes(getpid()).value_or(Allocated{}); };
  constexpr size_t kSize = 1000, kBlocks = 7, kChunk = 1008;
  // From one size to seven of it, whatever the thread has kept before.
  std::vector<std::unique_ptr<char[]>> blocks(kBlocks);
  for (auto& block : blocks) block = std::make_unique<char[]>(kSize);
  const Allocated before = now();
  for (auto& block : blocks) block.reset();
  const Allocated after = now();
  EXPECT_EQ(after.cached - before.cached, kBlocks * kChunk);
  EXPECT_EQ(before.used - after.used, kBlocks * kChunk);
}

TEST(Heap, ProcessThatIsGoneHasNone) { EXPECT_FALSE(AllocatedBytes(pid_t{-1})); }

}  // namespace
}  // namespace toolboxd::soak
