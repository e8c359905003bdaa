// SPDX-License-Identifier: Apache-2.0

#include "base/mount_id.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "base/unique_fd.h"

namespace toolboxd {
namespace {

TEST(MountId, BothWaysSayTheSameMount) {
  const UniqueFd root(open("/", O_PATH | O_CLOEXEC));
  const UniqueFd proc(open("/proc", O_PATH | O_CLOEXEC));
  ASSERT_TRUE(root.ok() && proc.ok());
  EXPECT_NE(MountIdOf(root.get()), 0u);
  EXPECT_EQ(MountIdOf(root.get()), MountIdByFdinfo(root.get()));
  EXPECT_EQ(MountIdOf(proc.get()), MountIdByFdinfo(proc.get()));
  EXPECT_NE(MountIdOf(root.get()), MountIdOf(proc.get()));
}

TEST(MountId, BadDescriptorIsOnNoMount) {
  EXPECT_EQ(MountIdOf(-1), 0u);
  EXPECT_EQ(MountIdByFdinfo(-1), 0u);
}

}  // namespace
}  // namespace toolboxd
