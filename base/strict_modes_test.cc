// SPDX-License-Identifier: Apache-2.0

#include "base/strict_modes.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

class StrictModesTest : public ::testing::Test {
 protected:
  StrictModesTest() {
    std::filesystem::create_directories(folder_);
    std::ofstream(file_) << "allow: \"alice\"\n";
    Chmod(dir_.File("etc"), 0755);
    Chmod(folder_, 0755);
    Chmod(file_, 0644);
  }

  void Chmod(const std::string& path, mode_t mode) { ASSERT_EQ(chmod(path.c_str(), mode), 0); }
  // What corrects the refusal of a path; empty if it is accepted.
  std::string Mend(const std::string& path) {
    const absl::Status status = CheckStrictModes(path);
    if (status.ok()) return "";
    EXPECT_EQ(ReasonOf(status), v1::PERMISSION_DENIED) << status;
    const std::string message(status.message());
    return message.substr(message.find("run: ") + 5);
  }

  ShortTempDir dir_;
  const std::string folder_ = dir_.File("etc/toolboxd");
  const std::string file_ = folder_ + "/policy";
};

TEST_F(StrictModesTest, FileOfRootBelowAStickyFolderIsAccepted) {
  EXPECT_EQ(Mend(file_), "");
  EXPECT_EQ(Mend(folder_), "");
  Chmod(dir_.path(), 01777);
  EXPECT_EQ(Mend(file_), "");
}

TEST_F(StrictModesTest, FileThatItsGroupOrOthersMayWriteIsRefused) {
  for (const mode_t mode : {0664, 0646, 0666}) {
    Chmod(file_, mode);
    EXPECT_EQ(Mend(file_), absl::StrCat("chmod go-w ", file_));
  }
}

TEST_F(StrictModesTest, EveryFolderOnTheWayCounts) {
  for (const std::string& folder : {folder_, dir_.File("etc"), dir_.path()}) {
    Chmod(folder, 0775);
    EXPECT_EQ(Mend(file_), absl::StrCat("chmod go-w ", folder));
    Chmod(folder, 0755);
  }
}

// A file that is missing there could come from anyone. The advice is not to change /tmp itself.
TEST_F(StrictModesTest, FileInAStickyFolderBelongsElsewhere) {
  Chmod(folder_, 01777);
  for (const std::string& path : {file_, folder_ + "/missing", folder_ + "/"}) {
    const absl::Status status = CheckStrictModes(path);
    EXPECT_TRUE(absl::IsPermissionDenied(status)) << path;
    EXPECT_TRUE(absl::StrContains(status.message(), "use a folder that only root can change"))
        << status;
  }
}

TEST_F(StrictModesTest, MissingFileIsJudgedByItsFolder) {
  EXPECT_EQ(Mend(folder_ + "/missing"), "");
  EXPECT_EQ(Mend(folder_ + "/missing/too"), "");
  Chmod(dir_.File("etc"), 0777);
  EXPECT_EQ(Mend(folder_ + "/missing"), absl::StrCat("chmod go-w ", dir_.File("etc")));
}

TEST_F(StrictModesTest, BothEndsOfALinkCount) {
  const std::string links = dir_.File("links");
  std::filesystem::create_directory(links);
  Chmod(links, 0755);
  // To a file, to a folder on the way, by a relative path, and to nothing.
  ASSERT_EQ(symlink(file_.c_str(), (links + "/file").c_str()), 0);
  ASSERT_EQ(symlink("../etc/toolboxd", (links + "/folder").c_str()), 0);
  ASSERT_EQ(symlink("missing", (links + "/nothing").c_str()), 0);
  ASSERT_EQ(symlink("loop", (links + "/loop").c_str()), 0);
  EXPECT_EQ(Mend(links + "/nothing"), "");
  EXPECT_EQ(OsErrorOf(CheckStrictModes(links + "/loop")), ELOOP);
  for (const std::string& path : {links + "/file", links + "/folder/policy"}) {
    EXPECT_EQ(Mend(path), "");
    for (const std::string& folder : {links, folder_}) {
      Chmod(folder, 0777);
      EXPECT_TRUE(absl::StartsWith(Mend(path), "chmod go-w ")) << path << " " << folder;
      Chmod(folder, 0755);
    }
  }
}

TEST_F(StrictModesTest, LinkOfAnotherUserIsRefused) {
  ASSERT_EQ(geteuid(), 0u) << "this test needs root";
  const std::string link = dir_.File("link");
  ASSERT_EQ(symlink(file_.c_str(), link.c_str()), 0);
  ASSERT_EQ(lchown(link.c_str(), 998, 0), 0);
  EXPECT_EQ(Mend(link), absl::StrCat("chown -h root ", link));
}

TEST_F(StrictModesTest, OtherOwnersAreRefused) {
  ASSERT_EQ(geteuid(), 0u) << "this test needs root";
  for (const std::string& path : {file_, folder_, dir_.File("etc")}) {
    // A service's user is not trusted either, and not root's group.
    ASSERT_EQ(chown(path.c_str(), 998, 0), 0);
    EXPECT_EQ(Mend(file_), absl::StrCat("chown -h root ", path));
    ASSERT_EQ(chown(path.c_str(), 0, 0), 0);
  }
}

TEST_F(StrictModesTest, EverythingInAFolderCounts) {
  EXPECT_TRUE(CheckStrictModesOfAll(folder_).ok());
  EXPECT_TRUE(CheckStrictModesOfAll(folder_ + "/missing").ok());
  std::ofstream(folder_ + "/second") << "";
  Chmod(folder_ + "/second", 0666);
  const absl::Status status = CheckStrictModesOfAll(folder_);
  EXPECT_TRUE(absl::StrContains(status.message(), "chmod go-w")) << status;
}

}  // namespace
}  // namespace toolboxd
