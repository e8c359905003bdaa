// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/rename.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

class RenameTest : public testing::TestWithParam<decltype(&RenameToFreeName)> {};

TEST_P(RenameTest, FreeNameIsTakenAndATakenOneIsKept) {
  TestDirectory dir;
  const UniqueFd directory(open(dir.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  dir.File("one", "1");
  dir.File("two", "2");

  EXPECT_EQ(GetParam()(directory.get(), "one", directory.get(), "two"), -1);
  EXPECT_EQ(errno, EEXIST);
  EXPECT_EQ(ReadFile(dir / "one"), "1");
  EXPECT_EQ(ReadFile(dir / "two"), "2");

  EXPECT_EQ(GetParam()(directory.get(), "one", directory.get(), "three"), 0);
  EXPECT_EQ(ReadFile(dir / "three"), "1");
}

INSTANTIATE_TEST_SUITE_P(ByTheFlag, RenameTest, testing::Values(RenameToFreeName));
INSTANTIATE_TEST_SUITE_P(ByLook, RenameTest, testing::Values(RenameToFreeNameByLook));

}  // namespace
}  // namespace toolboxd::hgfsd
