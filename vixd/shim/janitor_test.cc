// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/janitor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "base/process_stat.h"
#include "vixd/shim/record.h"

namespace toolboxd::vixd {
namespace {

class JanitorTest : public testing::Test {
 protected:
  JanitorTest() {
    std::string path = testing::TempDir() + "/janitorXXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    dir_ = open(path.c_str(), O_RDONLY | O_DIRECTORY);
  }
  ~JanitorTest() override { close(dir_); }

  void Make(const std::string& name, int seconds_old) {
    const int fd = openat(dir_, name.c_str(), O_WRONLY | O_CREAT, 0600);
    const timespec when{time(nullptr) - seconds_old, 0};
    const timespec times[] = {when, when};
    EXPECT_EQ(futimens(fd, times), 0);
    close(fd);
  }
  // The record of a running program, whose shim is this process if the ticks are right.
  void Save(pid_t pid, uint64_t shim_ticks) {
    Record record;
    record.pid = pid;
    record.shim = getpid();
    record.shim_ticks = shim_ticks;
    ASSERT_TRUE(WriteRecord(dir_, std::to_string(pid), record));
  }
  bool Exists(const std::string& name) { return faccessat(dir_, name.c_str(), F_OK, 0) == 0; }

  int dir_;
};

TEST_F(JanitorTest, RemovesAllFilesOfOldProgramsOnly) {
  for (const char* name : {"10.end", "10.out", "10.err", "10.in"}) Make(name, 400);
  Save(11, StartTicks(getpid()));
  Make("11.out", 400);
  RunJanitor(dir_, 300);
  for (const char* name : {"10.end", "10.out", "10.err", "10.in"}) EXPECT_FALSE(Exists(name));
  EXPECT_TRUE(Exists("11"));
  EXPECT_TRUE(Exists("11.out"));
}

TEST_F(JanitorTest, RemovesWhatAKilledShimLeft) {
  Save(10, StartTicks(getpid()) + 1);
  for (const char* name : {"10.out", "10.err", "10.in"}) Make(name, 0);
  // A program without a record may be starting.
  Make("11.out", 0);
  Make("12.out", 400);
  Make("12.end.tmp", 400);
  Make("other.out", 400);
  EXPECT_EQ(Sweep(dir_, 300), 0);
  for (const char* name : {"10", "10.out", "10.err", "10.in", "12.out", "12.end.tmp"}) {
    EXPECT_FALSE(Exists(name)) << name;
  }
  EXPECT_TRUE(Exists("11.out"));
  EXPECT_TRUE(Exists("other.out"));
}

TEST_F(JanitorTest, ProgramThatOutlivesItsShimKeepsItsFiles) {
  Record record;
  record.pid = getpid();
  record.start_ticks = StartTicks(getpid());
  record.shim = getpid();
  record.shim_ticks = 1;
  ASSERT_TRUE(WriteRecord(dir_, std::to_string(getpid()), record));
  Sweep(dir_, 300);
  EXPECT_TRUE(Exists(std::to_string(getpid())));
}

TEST_F(JanitorTest, RunsUntilTheLastProgramIsRemoved) {
  Make("10.end", 0);
  const time_t start = time(nullptr);
  RunJanitor(dir_, 2);
  EXPECT_GE(time(nullptr) - start, 2);
  EXPECT_FALSE(Exists("10.end"));
}

TEST_F(JanitorTest, SecondJanitorDoesNothing) {
  Make("10.end", 400);
  const int lock = openat(dir_, "janitor.lock", O_RDWR | O_CREAT, 0600);
  ASSERT_EQ(flock(lock, LOCK_EX), 0);
  RunJanitor(dir_, 300);
  EXPECT_TRUE(Exists("10.end"));
  close(lock);
}

}  // namespace
}  // namespace toolboxd::vixd
