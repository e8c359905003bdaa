// SPDX-License-Identifier: Apache-2.0

#include "session/runtime_dir.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace toolboxd::session {
namespace {

class RuntimeDirTest : public testing::Test {
 protected:
  RuntimeDirTest() {
    std::string name = testing::TempDir() + "/rtXXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    base_ = name + "/toolboxd";
  }
  std::string Make() { return MakeRuntimeDir({base_, ""}, getuid(), getgid(), error_); }
  std::string Users() const { return base_ + "/user"; }
  std::string Own() const { return Users() + "/" + std::to_string(getuid()); }

  std::string base_;
  std::string error_;
};

TEST_F(RuntimeDirTest, NewDirectoryIsPrivate) {
  ASSERT_EQ(Make(), Own()) << error_;
  struct stat info;
  ASSERT_EQ(stat(Own().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  EXPECT_EQ(info.st_uid, getuid());
}

TEST_F(RuntimeDirTest, ExistingDirectoryIsKeptAndMadePrivate) {
  ASSERT_EQ(Make(), Own());
  ASSERT_EQ(mkdir((Own() + "/programs").c_str(), 0700), 0);
  ASSERT_EQ(chmod(Own().c_str(), 0755), 0);
  ASSERT_EQ(Make(), Own()) << error_;
  struct stat info;
  ASSERT_EQ(stat(Own().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  EXPECT_EQ(access((Own() + "/programs").c_str(), F_OK), 0);
}

TEST_F(RuntimeDirTest, SymbolicLinksAreNotFollowed) {
  ASSERT_EQ(mkdir(base_.c_str(), 0755), 0);
  ASSERT_EQ(symlink("/tmp", Users().c_str()), 0);
  EXPECT_EQ(Make(), "");
  EXPECT_NE(error_.find("user"), std::string::npos) << error_;

  ASSERT_EQ(unlink(Users().c_str()), 0);
  ASSERT_EQ(mkdir(Users().c_str(), 0711), 0);
  ASSERT_EQ(symlink("/tmp", Own().c_str()), 0);
  EXPECT_EQ(Make(), "");
}

TEST_F(RuntimeDirTest, DirectoryThatOthersMayWriteIsRefused) {
  ASSERT_EQ(mkdir(base_.c_str(), 0755), 0);
  ASSERT_EQ(mkdir(Users().c_str(), 0711), 0);
  ASSERT_EQ(chmod(Users().c_str(), 0777), 0);
  EXPECT_EQ(Make(), "");
}

}  // namespace
}  // namespace toolboxd::session
