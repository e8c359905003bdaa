// SPDX-License-Identifier: Apache-2.0

#include "deployd/hand_off.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "base/testing/short_temp_dir.h"
#include "base/testing/whole_file.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace toolboxd::deployd {
namespace {

namespace fs = std::filesystem;

class HandOffTest : public testing::Test {
 protected:
  HandOffTest() { fs::create_directory(dir_.File("package")); }

  void Put(const std::string& name, const std::string& content) {
    const fs::path path = dir_.File("package/" + name);
    fs::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }
  absl::Status Run(DataForm form) {
    const CustCfg configuration = *ParseCustCfg(ReadWholeFile(dir_.File("package/cust.cfg")));
    const UniqueFd package(open(dir_.File("package").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return HandOff(package.get(), configuration, form, folder_);
  }
  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      names.insert(entry.path().filename());
    }
    return names;
  }
  std::string Content(const std::string& name) { return ReadWholeFile(folder_ + "/" + name); }

  ShortTempDir dir_;
  const std::string folder_ = dir_.File("vmware-imc");
};

TEST_F(HandOffTest, ConfigurationWithItsScript) {
  Put("cust.cfg", "[CUSTOM-SCRIPT]\nSCRIPT-NAME = customize.sh\n[PASSWORD]\n-PASS = c2VjcmV0\n");
  Put("nics.txt", "1,2");
  Put("customize.sh", "echo\n");
  Put("scripts/post-customize-guest.sh", "start\n");
  Put("scripts/Customize.pl", "perl\n");
  ASSERT_TRUE(Run(DataForm::kConfiguration).ok());
  EXPECT_EQ(Names(), (std::set<std::string>{"cust.cfg", "customize.sh", "nics.txt",
                                            "post-customize-guest.sh"}));
  EXPECT_EQ(Content("nics.txt"), "1,2");
  EXPECT_EQ(Content("post-customize-guest.sh"), "start\n");
  struct stat info;
  ASSERT_EQ(stat(folder_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode, S_IFDIR | 0700u);
  for (const std::string& name : Names()) {
    ASSERT_EQ(stat((folder_ + "/" + name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode, S_IFREG | 0600u) << name;
  }
}

TEST_F(HandOffTest, ScriptBelowScriptsIsFound) {
  Put("cust.cfg", "[CUSTOM-SCRIPT]\nSCRIPT-NAME = customize.sh\n");
  Put("scripts/customize.sh", "echo\n");
  ASSERT_TRUE(Run(DataForm::kConfiguration).ok());
  EXPECT_EQ(Content("customize.sh"), "echo\n");
}

TEST_F(HandOffTest, RawDataUnderTheNamesOfTheConfiguration) {
  Put("cust.cfg", "[CLOUDINIT]\nMETADATA = md\nUSERDATA = ud\n");
  Put("md", "instance-id: i\n");
  Put("ud", "#cloud-config\n");
  Put("scripts/other", "");
  ASSERT_TRUE(Run(DataForm::kRaw).ok());
  EXPECT_EQ(Names(), (std::set<std::string>{"cust.cfg", "md", "ud"}));
  EXPECT_EQ(Content("ud"), "#cloud-config\n");
}

TEST_F(HandOffTest, ConfigurationComesLastAndNoFileByParts) {
  Put("cust.cfg", "[CLOUDINIT]\nMETADATA = metadata\nUSERDATA = userdata\n");
  for (const char* name : {"metadata", "userdata", "nics.txt"}) Put(name, name);
  fs::create_directory(folder_);
  ASSERT_EQ(chmod(folder_.c_str(), 0700), 0);
  const UniqueFd watch(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  ASSERT_GE(inotify_add_watch(watch.get(), folder_.c_str(), IN_MOVED_TO | IN_CREATE), 0);
  ASSERT_TRUE(Run(DataForm::kRaw).ok());
  std::vector<std::string> moved;
  alignas(inotify_event) char buffer[4096];
  const ssize_t size = read(watch.get(), buffer, sizeof(buffer));
  for (ssize_t at = 0; at < size;) {
    const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
    at += static_cast<ssize_t>(sizeof(*event) + event->len);
    if ((event->mask & IN_MOVED_TO) != 0) {
      moved.emplace_back(event->name);
    } else {
      EXPECT_EQ(event->name[0], '.') << event->name;
    }
  }
  EXPECT_EQ(moved, (std::vector<std::string>{"nics.txt", "metadata", "userdata", "cust.cfg"}));
}

TEST_F(HandOffTest, WhatWasThereIsRemoved) {
  Put("cust.cfg", "[NETWORK]\nHOSTNAME = a\n");
  fs::create_directories(folder_ + "/old/deep");
  ASSERT_EQ(chmod(folder_.c_str(), 0700), 0);
  std::ofstream(folder_ + "/userdata") << "old";
  ASSERT_TRUE(Run(DataForm::kConfiguration).ok());
  EXPECT_EQ(Names(), std::set<std::string>{"cust.cfg"});
}

TEST_F(HandOffTest, ErrorLeavesNothing) {
  Put("cust.cfg", "[CLOUDINIT]\nMETADATA = metadata\nUSERDATA = missing\n");
  Put("metadata", "x");
  const absl::Status status = Run(DataForm::kRaw);
  EXPECT_EQ(status.message(), "the package lacks missing");
  EXPECT_TRUE(fs::is_empty(folder_));
  Put("cust.cfg", "[CUSTOM-SCRIPT]\nSCRIPT-NAME = ../../etc/shadow\n");
  EXPECT_EQ(Run(DataForm::kConfiguration).message(), "cust.cfg names a file outside the package");
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(HandOffTest, FolderOfAnotherIsRefused) {
  Put("cust.cfg", "[NETWORK]\nHOSTNAME = a\n");
  fs::create_directory(dir_.File("elsewhere"));
  fs::create_directory_symlink(dir_.File("elsewhere"), folder_);
  EXPECT_TRUE(
      absl::StrContains(Run(DataForm::kConfiguration).message(), "is not a folder: remove"));
  fs::remove(folder_);
  fs::create_directory(folder_);
  ASSERT_EQ(chmod(folder_.c_str(), 0755), 0);
  EXPECT_TRUE(absl::StrContains(Run(DataForm::kConfiguration).message(), "lets other users in"));
  ASSERT_EQ(chmod(folder_.c_str(), 0700), 0);
  if (chown(folder_.c_str(), geteuid() + 1, getegid()) == 0) {
    EXPECT_TRUE(absl::StrContains(Run(DataForm::kConfiguration).message(), "belongs to user"));
  }
  EXPECT_TRUE(fs::is_empty(folder_));
  EXPECT_TRUE(fs::is_empty(dir_.File("elsewhere")));
}

}  // namespace
}  // namespace toolboxd::deployd
