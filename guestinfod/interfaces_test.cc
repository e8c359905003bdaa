// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/interfaces.h"

#include <filesystem>
#include <string>

#include "gtest/gtest.h"

namespace toolboxd::guestinfod {
namespace {

namespace fs = std::filesystem;

TEST(Interfaces, DeviceIsKnownBySysfs) {
  const fs::path root = fs::path(::testing::TempDir()) / "device";
  fs::create_directories(root / "sys/class/net/ens192/device");
  fs::create_directories(root / "sys/class/net/dummy0");
  EXPECT_TRUE(IsDeviceInSysfs(root, "ens192"));
  EXPECT_FALSE(IsDeviceInSysfs(root, "dummy0"));
  EXPECT_FALSE(IsDeviceInSysfs(root, "none"));
  EXPECT_FALSE(IsDeviceInSysfs(root, "../net/ens192"));
}

}  // namespace
}  // namespace toolboxd::guestinfod
