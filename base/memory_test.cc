// SPDX-License-Identifier: Apache-2.0

#include "base/memory.h"

#include <sys/mman.h>
#include <sys/resource.h>

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

// As in a process that hides from its own user, whose /proc is root's.
TEST(Memory, IsTrimmedWhereNoFileCanBeOpened) {
  const int before = ResidentFileKb();
  rlimit files;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  const rlimit none{0, files.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  TrimStartupMemory();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
  EXPECT_LT(ResidentFileKb(), before);
}

// A page of constants, as code is: of the file until it is written.
alignas(4096) const char kConstants[8192] = "as in the file";

// As a debugger does it that sets a breakpoint.
TEST(Memory, PagesThatWereChangedStayAsTheyAre) {
  auto* page = const_cast<volatile char*>(kConstants);
  ASSERT_EQ(mprotect(const_cast<char*>(kConstants), 4096, PROT_READ | PROT_WRITE), 0);
  page[0] = 'A';
  ASSERT_EQ(mprotect(const_cast<char*>(kConstants), 4096, PROT_READ), 0);
  for (int i = 0; i < 3; ++i) {
    TrimStartupMemory();
    EXPECT_EQ(page[0], 'A');
    EXPECT_EQ(page[4096], 0);
  }
}

}  // namespace
}  // namespace toolboxd
