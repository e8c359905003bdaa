// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/spool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <string>

#include "base/testing/whole_file.h"

namespace toolboxd::vixd {
namespace {

class SpoolTest : public testing::Test {
 protected:
  SpoolTest() {
    EXPECT_EQ(pipe2(ends_, O_CLOEXEC | O_NONBLOCK), 0);
    std::string folder = testing::TempDir() + "/spoolXXXXXX";
    EXPECT_NE(mkdtemp(folder.data()), nullptr);
    dir_ = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    path_ = folder + "/10.out";
    file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  }
  ~SpoolTest() override { close(dir_); }
  StreamBudget Budget(off_t user_limit = 1 << 30) { return StreamBudget(dir_, user_limit); }
  void Write(const std::string& text) {
    ASSERT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string Kept() const { return ReadWholeFile(path_); }

  int ends_[2];
  int dir_;
  int file_;
  std::string path_;
};

TEST_F(SpoolTest, KeepsEverythingUntilTheEnd) {
  Spool spool(ends_[0], file_, 1 << 20, Budget());
  EXPECT_TRUE(spool.Move());
  Write("one ");
  EXPECT_TRUE(spool.Move());
  Write("two");
  close(ends_[1]);
  EXPECT_FALSE(spool.Move());
  EXPECT_EQ(spool.pipe(), -1);
  EXPECT_EQ(Kept(), "one two");
  EXPECT_FALSE(spool.cut());
}

TEST_F(SpoolTest, OutputOfExactlyTheLimitIsNotCut) {
  Spool spool(ends_[0], file_, 5, Budget());
  Write("12345");
  close(ends_[1]);
  EXPECT_FALSE(spool.Move());
  EXPECT_EQ(Kept(), "12345");
  EXPECT_FALSE(spool.cut());
}

TEST_F(SpoolTest, WriterContinuesBeyondTheLimit) {
  Spool spool(ends_[0], file_, 5, Budget());
  for (int i = 0; i < 100; ++i) {
    Write(std::string(60000, 'x'));
    EXPECT_TRUE(spool.Move());
  }
  close(ends_[1]);
  EXPECT_FALSE(spool.Move());
  EXPECT_EQ(Kept(), "xxxxx");
  EXPECT_TRUE(spool.cut());
}

TEST_F(SpoolTest, FullFileSystemCutsTheOutput) {
  close(file_);
  Spool spool(ends_[0], open("/dev/full", O_WRONLY), 1 << 20, Budget());
  Write("lost");
  EXPECT_TRUE(spool.Move());
  EXPECT_TRUE(spool.cut());
  Write("lost as well");
  EXPECT_TRUE(spool.Move());
  close(ends_[1]);
  EXPECT_FALSE(spool.Move());
}

TEST_F(SpoolTest, ExceededBudgetCutsTheRestOfTheOutput) {
  Spool spool(ends_[0], file_, 1 << 30, Budget(200'000));
  for (int i = 0; i < 10; ++i) {
    Write(std::string(50'000, 'x'));
    EXPECT_TRUE(spool.Move());
  }
  EXPECT_TRUE(spool.cut());
  const size_t kept = Kept().size();
  EXPECT_GE(kept, 200'000u);
  EXPECT_LE(kept, 300'000u);
  EXPECT_EQ(truncate(path_.c_str(), 0), 0);
  Write("later");
  EXPECT_TRUE(spool.Move());
  EXPECT_EQ(Kept(), "");
  close(ends_[1]);
}

TEST_F(SpoolTest, EmptyOutputIsNotCut) {
  Spool spool(ends_[0], file_, 1 << 30, StreamBudget(-1, 0));
  EXPECT_TRUE(spool.Move());
  close(ends_[1]);
  EXPECT_FALSE(spool.Move());
  EXPECT_FALSE(spool.cut());
}

TEST_F(SpoolTest, StopKeepingDiscardsWithoutCutting) {
  Spool spool(ends_[0], file_, 1 << 20, Budget());
  Write("kept");
  spool.Move();
  spool.StopKeeping();
  Write("dropped");
  EXPECT_TRUE(spool.Move());
  EXPECT_FALSE(spool.cut());
  EXPECT_EQ(Kept(), "kept");
  close(ends_[1]);
}

}  // namespace
}  // namespace toolboxd::vixd
