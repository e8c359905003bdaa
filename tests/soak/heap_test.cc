// SPDX-License-Identifier: Apache-2.0

#include "tests/soak/heap.h"

#include <unistd.h>

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

std::string Word(uint64_t value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

// A chunk's two words and what it holds; `size` is a multiple of 16.
std::string Chunk(uint64_t size, bool before_is_used) {
  return Word(0) + Word(size | (before_is_used ? 1 : 0)) + std::string(size - 16, 'x');
}

TEST(Heap, ChunksInUseCountWithTheirHeaders) {
  EXPECT_EQ(
      AllocatedBytes(Chunk(64, true) + Chunk(128, true) + Chunk(32, false) + Chunk(160, true)),
      64 + 32);
}

TEST(Heap, OneThatHasNothingButItsEndHasNothingInUse) {
  EXPECT_EQ(AllocatedBytes(Chunk(4096, true)), 0);
}

TEST(Heap, OtherBytesAreRefused) {
  EXPECT_EQ(AllocatedBytes(""), std::nullopt);
  EXPECT_EQ(AllocatedBytes(std::string(4096, '\0')), std::nullopt);
  EXPECT_EQ(AllocatedBytes(std::string(4096, '\xFF')), std::nullopt);
  EXPECT_EQ(AllocatedBytes(Chunk(64, true) + Chunk(48, true).substr(0, 40)), std::nullopt);
}

TEST(Heap, WhatAProcessTakesAndReturnsIsSeen) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer has a heap of its own";
  const auto now = [] { return static_cast<int64_t>(AllocatedBytes(getpid()).value_or(0)); };
  constexpr int kBlocks = 1000, kSize = 2000, kTaken = kBlocks * kSize;
  std::vector<std::unique_ptr<char[]>> blocks(kBlocks);
  const int64_t before = now();
  for (auto& block : blocks) block = std::make_unique<char[]>(kSize);
  EXPECT_NEAR(now() - before, kTaken, 0.02 * kTaken);
  for (int i = 0; i < kBlocks; i += 2) blocks[static_cast<size_t>(i)].reset();
  EXPECT_NEAR(now() - before, 0.5 * kTaken, 0.02 * kTaken);
}

TEST(Heap, ProcessThatIsGoneHasNone) { EXPECT_EQ(AllocatedBytes(pid_t{-1}), std::nullopt); }

}  // namespace
}  // namespace toolboxd::soak
