// SPDX-License-Identifier: Apache-2.0

#include "base/memory.h"

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
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

TEST(Memory, CodeIsGivenBackAndComesBackWhenItIsNeeded) {
  ConfigureAllocator();
  const int before = ResidentFileKb();
  ASSERT_GT(before, 0);
  for (int i = 0; i < 3; ++i) {
    GiveBackStartupMemory();
    EXPECT_LT(ResidentFileKb(), before);
  }
}

TEST(Memory, SoonIsOnAThreadThatEnds) {
  const int before = ResidentFileKb();
  GiveBackStartupMemorySoon();
  GiveBackStartupMemorySoon();
  absl::SleepFor(absl::Milliseconds(1500));
  EXPECT_LE(ResidentFileKb(), before + 1024);
  int threads = 0;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (absl::StartsWith(line, "Threads:")) {
      ASSERT_TRUE(absl::SimpleAtoi(line.substr(8), &threads));
    }
  }
  EXPECT_EQ(threads, 1);
}

}  // namespace
}  // namespace toolboxd
