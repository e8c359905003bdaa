// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/disk_budget.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "base/testing/small_file_system.h"

namespace toolboxd::vixd {
namespace {

constexpr off_t kMebibyte = 1 << 20;
constexpr off_t kEnough = off_t{1} << 40;

class DiskBudgetTest : public testing::Test {
 protected:
  DiskBudgetTest() { dir_ = open(system_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }
  ~DiskBudgetTest() override { close(dir_); }

  void Make(const std::string& name, off_t size) {
    const int fd = openat(dir_, name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    EXPECT_EQ(posix_fallocate(fd, 0, size), 0);
    close(fd);
  }

  SmallFileSystem system_{128};
  int dir_;
};

TEST_F(DiskBudgetTest, UserGetsAQuarterOfTheFileSystem) {
  EXPECT_TRUE(StreamBudget(dir_, kEnough).MayGrow(kMebibyte));
  Make("10.out", 20 * kMebibyte);
  Make("10.in", 11 * kMebibyte);
  EXPECT_TRUE(StreamBudget(dir_, kEnough).MayGrow(kMebibyte));
  Make("11.err", kMebibyte);
  EXPECT_FALSE(StreamBudget(dir_, kEnough).MayGrow(kMebibyte));
  // The first 64 KiB are granted as long as the file system has them.
  EXPECT_TRUE(StreamBudget(dir_, kEnough).MayGrow(60000));
}

TEST_F(DiskBudgetTest, UserLimitMayBeLessThanAQuarter) {
  Make("10.out", 3 * kMebibyte);
  EXPECT_TRUE(StreamBudget(dir_, 4 * kMebibyte).MayGrow(kMebibyte));
  EXPECT_FALSE(StreamBudget(dir_, 3 * kMebibyte).MayGrow(kMebibyte));
}

TEST_F(DiskBudgetTest, MeasurementIsValidForOneMebibyte) {
  StreamBudget budget(dir_, 4 * kMebibyte);
  EXPECT_TRUE(budget.MayGrow(kMebibyte));
  Make("10.out", 4 * kMebibyte);
  EXPECT_TRUE(budget.MayGrow(2 * kMebibyte - 1));
  EXPECT_FALSE(budget.MayGrow(2 * kMebibyte));
}

TEST_F(DiskBudgetTest, QuarterStaysFreeAndHalfOfItIsForRecords) {
  system_.FillUpTo(33 * kMebibyte);
  EXPECT_TRUE(StreamBudget(dir_, kEnough).MayGrow(0));
  system_.FillUpTo(32 * kMebibyte);
  EXPECT_FALSE(StreamBudget(dir_, kEnough).MayGrow(0));
  EXPECT_TRUE(HasCapacityForRecord(dir_));
  system_.FillUpTo(16 * kMebibyte);
  EXPECT_FALSE(HasCapacityForRecord(dir_));
}

}  // namespace
}  // namespace toolboxd::vixd
