// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/manifest.h"

#include <sys/stat.h>

#include "base/testing/short_temp_dir.h"
#include "base/testing/whole_file.h"
#include "gtest/gtest.h"

namespace toolboxd::snapshotd {
namespace {

TEST(Manifest, IsTheXmlOfOpenVmTools) {
  EXPECT_EQ(Manifest(13344),
            "<quiesceManifest>\n"
            "   <productVersion>13344</productVersion>\n"
            "   <providerName>fifreeze</providerName>\n"
            "</quiesceManifest>\n");
}

TEST(Manifest, FileIsReplacedAndReadableByAll) {
  const ShortTempDir dir;
  ASSERT_TRUE(WriteManifest(dir.File("m.xml"), 1).ok());
  ASSERT_TRUE(WriteManifest(dir.File("m.xml"), 2).ok());
  EXPECT_EQ(ReadWholeFile(dir.File("m.xml")), Manifest(2));
  struct stat info;
  ASSERT_EQ(stat(dir.File("m.xml").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644u);
}

}  // namespace
}  // namespace toolboxd::snapshotd
