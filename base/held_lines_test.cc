// SPDX-License-Identifier: Apache-2.0

#include "base/held_lines.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(HeldLines, ComeInOrder) {
  HeldLines lines;
  EXPECT_TRUE(lines.empty());
  lines.Add("one\n");
  lines.Add("two\n");
  EXPECT_EQ(lines.front(), "one\n");
  lines.Pop();
  EXPECT_EQ(lines.front(), "two\n");
  lines.Pop();
  EXPECT_TRUE(lines.empty());
  EXPECT_EQ(lines.TakeDropped(), 0u);
}

TEST(HeldLines, NumberIsLimitedAndTheRestCounted) {
  HeldLines lines;
  for (size_t i = 0; i < HeldLines::kMaxLines + 7; ++i) lines.Add("x\n");
  size_t kept = 0;
  for (; !lines.empty(); lines.Pop()) ++kept;
  EXPECT_EQ(kept, HeldLines::kMaxLines);
  EXPECT_EQ(lines.TakeDropped(), 7u);
  EXPECT_EQ(lines.TakeDropped(), 0u);
}

TEST(HeldLines, BytesAreLimited) {
  HeldLines lines;
  const std::string line(HeldLines::kMaxBytes / 4, 'x');
  for (int i = 0; i < 5; ++i) lines.Add(line);
  EXPECT_EQ(lines.TakeDropped(), 1u);
  lines.Pop();
  lines.Add(line);
  EXPECT_EQ(lines.TakeDropped(), 0u);
}

}  // namespace
}  // namespace toolboxd
