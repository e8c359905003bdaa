// SPDX-License-Identifier: Apache-2.0

#include "transportd/host_time/once_per_boot.h"

#include <sys/stat.h>

#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd::host_time {
namespace {

TEST(OncePerBoot, IsRememberedByTheNextProcess) {
  const ShortTempDir dir;
  {
    OncePerBoot once(dir.File("folder/mark"));
    EXPECT_FALSE(once.done());
    once.SetDone();
    EXPECT_TRUE(once.done());
  }
  EXPECT_TRUE(OncePerBoot(dir.File("folder/mark")).done());
  struct stat info;
  ASSERT_EQ(stat(dir.File("folder").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST(OncePerBoot, WithoutItsFolderTheProcessRemembers) {
  OncePerBoot once("/proc/no-such-folder/mark");
  EXPECT_FALSE(once.done());
  once.SetDone();
  EXPECT_TRUE(once.done());
}

}  // namespace
}  // namespace toolboxd::host_time
