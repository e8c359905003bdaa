// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/testing/test_files.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "base/testing/whole_file.h"
#include "gtest/gtest.h"

namespace toolboxd::hgfsd {

TestDirectory::TestDirectory(const std::string& base) : path_(base + "/hgfsd-test-XXXXXX") {
  EXPECT_NE(mkdtemp(path_.data()), nullptr);
  chmod(path_.c_str(), 0755);
}

TestDirectory::~TestDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TestDirectory::operator/(absl::string_view name) const {
  return absl::StrCat(path_, "/", name);
}

std::string TestDirectory::File(absl::string_view name, absl::string_view content,
                                mode_t mode) const {
  const std::string path = *this / name;
  std::ofstream(path, std::ios::binary).write(content.data(), content.size());
  EXPECT_EQ(chmod(path.c_str(), mode), 0) << path;
  return path;
}

std::string TestDirectory::Directory(absl::string_view name, mode_t mode) const {
  const std::string path = *this / name;
  EXPECT_EQ(mkdir(path.c_str(), 0700), 0) << path;
  chmod(path.c_str(), mode);
  return path;
}

std::string TestDirectory::Link(absl::string_view name, const std::string& target) const {
  const std::string path = *this / name;
  EXPECT_EQ(symlink(target.c_str(), path.c_str()), 0) << path;
  return path;
}

std::string ReadFile(const std::string& path) { return ReadWholeFile(path); }

struct stat StatOf(const std::string& path) {
  struct stat st = {};
  EXPECT_EQ(lstat(path.c_str(), &st), 0) << path;
  return st;
}

bool Exists(const std::string& path) {
  struct stat st;
  return lstat(path.c_str(), &st) == 0;
}

mode_t ModeOf(const std::string& path) {
  struct stat st = {};
  EXPECT_EQ(lstat(path.c_str(), &st), 0) << path;
  return st.st_mode & 07777;
}

void SetAcl(const std::string& path, acl_type_t type, const char* text) {
  acl_t acl = acl_from_text(text);
  ASSERT_NE(acl, nullptr) << text;
  EXPECT_EQ(acl_set_file(path.c_str(), type, acl), 0) << path;
  acl_free(acl);
}

bool HasAcl(const std::string& path, acl_type_t type) {
  const char* name =
      type == ACL_TYPE_ACCESS ? "system.posix_acl_access" : "system.posix_acl_default";
  return lgetxattr(path.c_str(), name, nullptr, 0) > 0;
}

void SetCapability(const std::string& path) {
  vfs_cap_data data = {};
  data.magic_etc = htole32(VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE);
  data.data[0].permitted = htole32(1 << CAP_NET_BIND_SERVICE);
  EXPECT_EQ(setxattr(path.c_str(), "security.capability", &data, XATTR_CAPS_SZ_2, 0), 0) << path;
}

bool HasCapability(const std::string& path) {
  return lgetxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
}

void ExchangeNames(const std::string& a, const std::string& b) {
  if (renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0 ||
      (errno != ENOSYS && errno != EINVAL)) {
    return;
  }
  const std::string between = a + ".exchanged";
  if (rename(a.c_str(), between.c_str()) != 0) return;
  const bool moved = rename(b.c_str(), a.c_str()) == 0;
  rename(between.c_str(), (moved ? b : a).c_str());
}

std::vector<std::string> Names(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Lease::Lease(const std::string& path) : file_(open(path.c_str(), O_RDWR | O_CLOEXEC)) {
  // Sent when another open wants the file.
  signal(SIGIO, SIG_IGN);
  EXPECT_EQ(fcntl(file_.get(), F_SETLEASE, F_WRLCK), 0);
}

void AsNobody(const std::function<void()>& body) {
  ASSERT_EQ(geteuid(), 0u) << "this test needs root";
  const pid_t child = fork();
  if (child == 0) {
    if (setgroups(0, nullptr) != 0 || setgid(65534) != 0 || setuid(65534) != 0) _exit(2);
    body();
    // The failures are printed already.
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << "failed as user 65534";
}

void NoMoreThreads() {
  const struct rlimit none = {0, 0};
  EXPECT_EQ(setrlimit(RLIMIT_NPROC, &none), 0);
}

}  // namespace toolboxd::hgfsd
