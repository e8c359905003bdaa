// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/data_range.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

constexpr off_t kMebibyte = 1 << 20;

// On a tmpfs, which knows holes of whole pages.
class DataRangeTest : public testing::Test {
 protected:
  DataRangeTest() : dir_("/dev/shm"), fd_(open(dir_.File("file").c_str(), O_RDWR | O_CLOEXEC)) {}

  TestDirectory dir_;
  UniqueFd fd_;
};

TEST_F(DataRangeTest, HolesAreSkipped) {
  ASSERT_EQ(ftruncate(fd_.get(), 3 * kMebibyte), 0);
  ASSERT_EQ(pwrite(fd_.get(), "data", 4, kMebibyte), 4);
  const DataRange data = NextDataRange(fd_.get(), 0, 3 * kMebibyte);
  EXPECT_EQ(data.begin, kMebibyte);
  EXPECT_GE(data.end, kMebibyte + 4);
  EXPECT_LT(data.end, 2 * kMebibyte);
  const DataRange rest = NextDataRange(fd_.get(), data.end, 3 * kMebibyte);
  EXPECT_EQ(rest.begin, 3 * kMebibyte);
  EXPECT_EQ(rest.end, 3 * kMebibyte);
}

TEST_F(DataRangeTest, FilesThatGrewOrShrankEndAtTheGivenSize) {
  ASSERT_EQ(pwrite(fd_.get(), "0123456789", 10, 0), 10);
  EXPECT_EQ(NextDataRange(fd_.get(), 0, 4).end, 4);
  EXPECT_EQ(NextDataRange(fd_.get(), 10, 20).begin, 20);
  EXPECT_EQ(NextDataRange(fd_.get(), 10, 20).end, 20);
}

}  // namespace
}  // namespace toolboxd::hgfsd
