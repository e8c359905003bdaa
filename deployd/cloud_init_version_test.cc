// SPDX-License-Identifier: Apache-2.0

#include "deployd/cloud_init_version.h"

#include "deployd/testing/test_root.h"
#include "gtest/gtest.h"

namespace toolboxd::deployd {
namespace {

TEST(CloudInitVersion, DistributionsVersionCountsMost) {
  EXPECT_EQ(VersionOfModule("__VERSION__ = \"22.4.2\"\n"
                            "_PACKAGED_VERSION = \"@@PACKAGED_VERSION@@\"\n"),
            "22.4.2");
  EXPECT_EQ(
      VersionOfModule("__VERSION__ = \"24.1\"\n_PACKAGED_VERSION = '24.1.3-0ubuntu1~22.04'\n"),
      "24.1.3-0ubuntu1~22.04");
  EXPECT_EQ(VersionOfModule("x = __VERSION__\n    __VERSION__ = \"1\"\n"), "");
  EXPECT_EQ(VersionOfModule("__VERSION__ = \"1;rm\"\n"), "");
  EXPECT_EQ(VersionOfModule("__VERSION__ = \"22.4"), "22.4");
  EXPECT_EQ(VersionOfModule(""), "");
}

TEST(CloudInitVersion, DpkgStatusOfAnInstalledPackage) {
  const std::string status =
      "Package: cloud-guest-utils\nStatus: install ok installed\nVersion: 0.33\n\n"
      "Package: cloud-init\nStatus: install ok installed\nPriority: optional\n"
      "Version: 22.4.2-1+deb12u4\n\nPackage: z\nStatus: install ok installed\nVersion: 1\n";
  EXPECT_EQ(VersionOfDpkgStatus(status), "22.4.2-1+deb12u4");
  EXPECT_EQ(VersionOfDpkgStatus("Package: cloud-init\nStatus: deinstall ok config-files\n"
                                "Version: 22.4.2\n\nPackage: a\nStatus: install ok installed\n"
                                "Version: 1\n"),
            "");
}

TEST(CloudInitVersion, VersionsAreComparedByNumber) {
  EXPECT_TRUE(IsAtLeast("23.1", 23, 1));
  EXPECT_TRUE(IsAtLeast("24.0.1-2", 23, 1));
  EXPECT_TRUE(IsAtLeast("23.10", 23, 2));
  EXPECT_FALSE(IsAtLeast("22.4.2-1+deb12u4", 23, 1));
  EXPECT_FALSE(IsAtLeast("0.7.9", 21, 1));
  EXPECT_FALSE(IsAtLeast("", 0, 1));
}

TEST(InstalledCloudInit, ModuleThenMetadataThenDpkg) {
  TestRoot root;
  EXPECT_EQ(InstalledCloudInit(root.path()), "");
  root.Write("/var/lib/dpkg/status",
             "Package: cloud-init\nStatus: install ok installed\nVersion: 20.4\n");
  EXPECT_EQ(InstalledCloudInit(root.path()), "20.4");
  root.Write("/usr/lib/python3.9/site-packages/cloudinit/__init__.py", "");
  root.Write("/usr/lib/python3.9/site-packages/cloud_init-23.4-py3.9.egg-info/PKG-INFO", "");
  EXPECT_EQ(InstalledCloudInit(root.path()), "23.4");
  root.Write("/usr/lib/python3.9/site-packages/cloudinit/version.py", "__VERSION__ = \"23.4.1\"\n");
  EXPECT_EQ(InstalledCloudInit(root.path()), "23.4.1");
}

TEST(InstalledCloudInit, NewestOfSeveralCounts) {
  TestRoot root;
  root.InstallCloudInit("22.4.2");
  root.Write("/usr/local/lib/python3.11/dist-packages/cloudinit/version.py",
             "__VERSION__ = \"25.1\"\n");
  EXPECT_EQ(InstalledCloudInit(root.path()), "25.1");
}

}  // namespace
}  // namespace toolboxd::deployd
