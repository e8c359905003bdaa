// SPDX-License-Identifier: Apache-2.0

#include "transportd/functions/function_spool.h"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "absl/strings/match.h"
#include "base/status.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr StandardStream kOut = StandardStream::kStdout;
constexpr StandardStream kIn = StandardStream::kStdin;

std::string Directory() { return getenv("TEST_TMPDIR"); }

// The number of open files without a name in this process.
int UnnamedFiles() {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code ignored;
    const std::string target = std::filesystem::read_symlink(entry.path(), ignored);
    if (absl::EndsWith(target, " (deleted)")) ++count;
  }
  return count;
}

class FunctionSpoolTest : public ::testing::Test {
 protected:
  std::unique_ptr<FunctionSpool> Spool(const std::string& user) {
    return std::make_unique<FunctionSpool>(budget_, user);
  }
  // The spool of an ended run with `size` bytes of output.
  std::unique_ptr<FunctionSpool> Ended(const std::string& user, size_t size) {
    auto spool = Spool(user);
    EXPECT_TRUE(spool->Append(kOut, std::string(size, 'x')).ok());
    spool->Finish();
    return spool;
  }
  bool IsThere(FunctionSpool& spool) { return spool.Size(kOut).ok(); }

  std::shared_ptr<SpoolBudget> budget_ = std::make_shared<SpoolBudget>(
      SpoolLimits{.stream = 100000, .user = 150000, .total = 200000, .directory = Directory()});
};

TEST_F(FunctionSpoolTest, ShortStreamIsInMemoryAndLongOneInAFileWithoutAName) {
  const int before = UnnamedFiles();
  auto spool = Spool("alice");
  std::string all;
  for (int i = 0; i < 10; ++i) {
    const std::string part(SpoolFile::kInMemory / 4, static_cast<char>('a' + i));
    EXPECT_TRUE(spool->Append(kOut, part).ok());
    all += part;
    EXPECT_EQ(UnnamedFiles() - before, all.size() > SpoolFile::kInMemory ? 1 : 0);
    EXPECT_EQ(*spool->Read(kOut, 0, 1 << 20), all);
  }
  EXPECT_EQ(*spool->Size(kOut), all.size());
  EXPECT_EQ(*spool->Read(kOut, 100, 3), all.substr(100, 3));
  EXPECT_EQ(*spool->Read(kOut, all.size(), 3), "");
  EXPECT_EQ(*spool->Read(StandardStream::kStderr, 0, 3), "");
  spool.reset();
  EXPECT_EQ(UnnamedFiles(), before);
  EXPECT_TRUE(std::filesystem::is_empty(Directory()));
}

TEST_F(FunctionSpoolTest, StreamHasALimit) {
  auto spool = Spool("alice");
  EXPECT_TRUE(spool->Append(kOut, std::string(100000, 'x')).ok());
  EXPECT_EQ(ReasonOf(spool->Append(kOut, "x")), v1::NO_SPACE);
  EXPECT_EQ(*spool->Size(kOut), 100000u);
  // A short stream costs nothing of the budget.
  EXPECT_TRUE(spool->Append(StandardStream::kStderr, "why").ok());
}

TEST_F(FunctionSpoolTest, NewOutputReplacesTheUsersOldest) {
  auto other = Ended("bob", 40000);
  auto first = Ended("alice", 70000);
  auto second = Ended("alice", 70000);
  auto third = Ended("alice", 70000);
  EXPECT_TRUE(IsThere(*other));
  EXPECT_FALSE(IsThere(*first));
  EXPECT_EQ(ReasonOf(first->Read(kOut, 0, 1).status()), v1::NO_SPACE);
  EXPECT_TRUE(IsThere(*second));
  EXPECT_TRUE(IsThere(*third));
}

TEST_F(FunctionSpoolTest, StreamThatWasReadIsDroppedLast) {
  auto first = Ended("alice", 70000);
  auto second = Ended("alice", 70000);
  EXPECT_TRUE(first->Read(kOut, 0, 1).ok());
  auto third = Ended("alice", 70000);
  EXPECT_TRUE(IsThere(*first));
  EXPECT_FALSE(IsThere(*second));
}

TEST_F(FunctionSpoolTest, OutputOfRunningFunctionsIsDroppedLast) {
  auto alice = Spool("alice");
  auto bob = Spool("bob");
  EXPECT_TRUE(alice->Append(kOut, std::string(100000, 'x')).ok());
  EXPECT_TRUE(bob->Append(kOut, std::string(100000, 'x')).ok());
  bob->Finish();
  auto carol = Spool("carol");
  EXPECT_TRUE(carol->Append(kOut, std::string(10000, 'x')).ok());
  EXPECT_FALSE(IsThere(*bob));
  EXPECT_EQ(*alice->Size(kOut), 100000u);
  // Not by a function of the user's own.
  auto more = Spool("alice");
  EXPECT_EQ(ReasonOf(more->Append(kOut, std::string(60000, 'x'))), v1::NO_SPACE);
  EXPECT_TRUE(IsThere(*alice));
}

TEST_F(FunctionSpoolTest, RunningFunctionsOfUsersAtTheirLimitsLeaveBytesForOthers) {
  auto alice = Spool("alice");
  auto bob = Spool("bob");
  EXPECT_TRUE(alice->Append(kOut, std::string(100000, 'x')).ok());
  EXPECT_TRUE(bob->Append(kOut, std::string(100000, 'x')).ok());
  auto carol = Spool("carol");
  EXPECT_TRUE(carol->Append(kOut, std::string(10000, 'x')).ok());
  // One of them is dropped: its next output is refused, which ends its function.
  EXPECT_EQ(IsThere(*alice) + IsThere(*bob), 1);
  auto& gone = IsThere(*alice) ? bob : alice;
  EXPECT_EQ(ReasonOf(gone->Append(kOut, "more")), v1::NO_SPACE);
}

TEST_F(FunctionSpoolTest, DiscardedBytesCountNoLonger) {
  budget_ = std::make_shared<SpoolBudget>(
      SpoolLimits{.stream = 3 << 20, .user = 3 << 20, .total = 3 << 20, .directory = Directory()});
  auto spool = Spool("alice");
  const std::string part(1 << 20, 'x');
  uint64_t size = 0;
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(spool->Append(kIn, part).ok()) << i;
    size += part.size();
    // All but the last byte; with the fifth all of it.
    spool->Discard(kIn, i == 5 ? size : size - 1);
    EXPECT_EQ(*spool->Size(kIn), size);
    EXPECT_EQ(*spool->Read(kIn, size - 1, 5), i == 5 ? "" : "x");
  }
  spool->Discard(kIn, size);
  auto next = Spool("alice");
  EXPECT_TRUE(next->Append(kOut, std::string(3 << 20, 'x')).ok());
}

TEST_F(FunctionSpoolTest, UnusableDirectoryIsAnError) {
  budget_ = std::make_shared<SpoolBudget>(SpoolLimits{.directory = "/nonexistent"});
  auto spool = Spool("alice");
  EXPECT_TRUE(spool->Append(kOut, "little").ok());
  EXPECT_EQ(ReasonOf(spool->Append(kOut, std::string(4096, 'x'))), v1::NOT_FOUND);
  EXPECT_EQ(*spool->Read(kOut, 0, 100), "little");
}

}  // namespace
}  // namespace toolboxd
