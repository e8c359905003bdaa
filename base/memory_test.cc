// SPDX-License-Identifier: Apache-2.0

#include "base/memory.h"

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

// Resident pages of mapped files, in kB (RssFile).
int ResidentFileKb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (!absl::StartsWith(line, "RssFile:")) continue;
    const std::vector<std::string> words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    int kb = 0;
    if (words.size() >= 2 && absl::SimpleAtoi(words[1], &kb)) return kb;
  }
  return -1;
}

TEST(Memory, TrimmedCodeIsLoadedAgainWhenItIsUsed) {
  ConfigureAllocator();
  const int before = ResidentFileKb();
  ASSERT_GT(before, 0);
  for (int i = 0; i < 3; ++i) {
    TrimStartupMemory();
    EXPECT_LT(ResidentFileKb(), before);
  }
}

}  // namespace
}  // namespace toolboxd
