// SPDX-License-Identifier: Apache-2.0

// A file system that a test can fill.

#ifndef TOOLBOXD_VIXD_TESTING_SMALL_FILE_SYSTEM_H_
#define TOOLBOXD_VIXD_TESTING_SMALL_FILE_SYSTEM_H_

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <string>

namespace toolboxd::vixd {

// A tmpfs of some size, in a mount namespace of this process and those that it starts. Needs the
// right to mount; aborts without.
class SmallFileSystem {
 public:
  explicit SmallFileSystem(int mebibytes) {
    static const bool is_private =
        unshare(CLONE_NEWNS) == 0 && mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    char name[] = "/tmp/small-XXXXXX";
    if (!is_private || mkdtemp(name) == nullptr) abort();
    path_ = name;
    const std::string options = "mode=700,size=" + std::to_string(mebibytes) + "m";
    if (mount("tmpfs", name, "tmpfs", 0, options.c_str()) != 0) abort();
  }
  SmallFileSystem(const SmallFileSystem&) = delete;
  SmallFileSystem& operator=(const SmallFileSystem&) = delete;
  ~SmallFileSystem() {
    umount2(path_.c_str(), MNT_DETACH);
    rmdir(path_.c_str());
  }

  const std::string& path() const { return path_; }

  int64_t Available() const {
    struct statvfs info;
    if (statvfs(path_.c_str(), &info) != 0) abort();
    return static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
  }
  // Leaves so many bytes.
  void FillUpTo(int64_t available) const {
    const int fd = open((path_ + "/filler").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const off_t end = lseek(fd, 0, SEEK_END);
    if (fd < 0 || posix_fallocate(fd, end, Available() - available) != 0) abort();
    close(fd);
  }

 private:
  std::string path_;
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_TESTING_SMALL_FILE_SYSTEM_H_
