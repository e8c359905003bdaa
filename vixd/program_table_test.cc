// SPDX-License-Identifier: Apache-2.0

#include "vixd/program_table.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <string>

#include "base/process_stat.h"

namespace toolboxd::vixd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ProgramTableTest : public testing::Test {
 protected:
  ProgramTableTest() {
    std::string path = testing::TempDir() + "/tableXXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    table_ = *ProgramTable::Open(path + "/programs");
    dir_ = open(table_->path().c_str(), O_RDONLY | O_DIRECTORY);
  }
  ~ProgramTableTest() override { close(dir_); }

  // A program whose shim is this process.
  Record Running(pid_t pid) {
    Record record;
    record.pid = pid;
    record.shim = getpid();
    record.shim_ticks = StartTicks(getpid());
    record.start_time = 1000;
    record.name = "name";
    return record;
  }
  Record Ended(pid_t pid, int seconds_ago) {
    Record record = Running(pid);
    record.end_time = time(nullptr) - seconds_ago;
    return record;
  }
  void Save(const Record& record) {
    const char* suffix = record.ended() ? ".end" : "";
    ASSERT_TRUE(WriteRecord(dir_, std::to_string(record.pid) + suffix, record));
  }

  std::unique_ptr<ProgramTable> table_;
  int dir_;
};

TEST_F(ProgramTableTest, EndedProgramsAreFoundForFiveMinutes) {
  Save(Ended(5001, 290));
  Save(Ended(5002, 310));
  EXPECT_TRUE(table_->Find(5001).has_value());
  EXPECT_FALSE(table_->Find(5002).has_value());
  EXPECT_THAT(table_->All(), ElementsAre(Ended(5001, 290)));
}

TEST_F(ProgramTableTest, RecordOfTheEndCountsIfBothExist) {
  Save(Running(5001));
  Save(Ended(5001, 1));
  EXPECT_TRUE(table_->Find(5001)->ended());
  ASSERT_EQ(table_->All().size(), 1u);
  EXPECT_TRUE(table_->All()[0].ended());
}

TEST_F(ProgramTableTest, LaterProgramWithTheSameIdReplacesTheEarlier) {
  Record record = Ended(5001, 1);
  Save(record);
  EXPECT_EQ(table_->All()[0].exit_code, 0);
  record.exit_code = 9;
  Save(record);
  EXPECT_EQ(table_->All()[0].exit_code, 9);
}

TEST_F(ProgramTableTest, ProgramWhoseShimWasKilledIsFoundWhileItRuns) {
  Record record = Running(5001);
  record.shim_ticks += 1;
  Save(record);
  EXPECT_FALSE(table_->Find(5001).has_value());
  EXPECT_THAT(table_->All(), IsEmpty());

  record.pid = getppid();
  record.start_ticks = StartTicks(getppid());
  Save(record);
  EXPECT_TRUE(table_->Find(getppid()).has_value());
}

TEST_F(ProgramTableTest, OtherFilesAndBrokenRecordsAreSkipped) {
  for (const char* name : {"janitor.lock", "5001.out", "5002.end", "5003", "x.end", "-1", "0"}) {
    close(openat(dir_, name, O_WRONLY | O_CREAT, 0600));
  }
  ASSERT_TRUE(WriteRecord(dir_, "5004", Running(5005)));
  EXPECT_FALSE(table_->Find(5004).has_value());
  EXPECT_THAT(table_->All(), IsEmpty());
  EXPECT_FALSE(table_->Find(5002).has_value());
  EXPECT_FALSE(table_->Find(-1).has_value());
}

TEST_F(ProgramTableTest, OpenRemovesWhatKilledShimsLeft) {
  Save(Running(5001));
  Record record = Running(5002);
  record.shim_ticks += 1;
  Save(record);
  for (const char* name : {"5001.out", "5002.out"}) {
    close(openat(dir_, name, O_WRONLY | O_CREAT, 0600));
  }
  ASSERT_TRUE(ProgramTable::Open(table_->path()).ok());
  EXPECT_EQ(faccessat(dir_, "5001.out", F_OK, 0), 0);
  EXPECT_NE(faccessat(dir_, "5002.out", F_OK, 0), 0);
  EXPECT_NE(faccessat(dir_, "5002", F_OK, 0), 0);
}

TEST_F(ProgramTableTest, ThousandsOfEndedProgramsAreListedQuickly) {
  for (int pid = 10'000; pid < 11'000; ++pid) Save(Ended(pid, 1));
  EXPECT_EQ(table_->All().size(), 1000u);
  EXPECT_EQ(table_->All().size(), 1000u);
}

}  // namespace
}  // namespace toolboxd::vixd
