// SPDX-License-Identifier: Apache-2.0

// SmallFileSystem: a file system that a test can fill.

#ifndef TOOLBOXD_BASE_TESTING_SMALL_FILE_SYSTEM_H_
#define TOOLBOXD_BASE_TESTING_SMALL_FILE_SYSTEM_H_

#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <string>

namespace toolboxd {

// A tmpfs, mounted as long as this object lives, in a mount namespace of this process and the
// processes it starts. Needs the right to mount; aborts without it.
class SmallFileSystem {
 public:
  // Over the existing directory `path`. `options` as mount(8) takes them: "size=64k",
  // "nr_inodes=4" (the directory itself is one).
  SmallFileSystem(const std::string& path, const std::string& options) : path_(path) {
    Mount(options);
  }
  // A file system of `mebibytes` MiB, in a directory of its own, mode 0700.
  explicit SmallFileSystem(int mebibytes) : made_(true) {
    char name[] = "/tmp/small-XXXXXX";
    if (mkdtemp(name) == nullptr) abort();
    path_ = name;
    Mount("mode=700,size=" + std::to_string(mebibytes) + "m");
  }
  SmallFileSystem(const SmallFileSystem&) = delete;
  SmallFileSystem& operator=(const SmallFileSystem&) = delete;
  ~SmallFileSystem() {
    umount2(path_.c_str(), MNT_DETACH);
    if (made_) rmdir(path_.c_str());
  }

  const std::string& path() const { return path_; }

  // Free bytes.
  int64_t Available() const {
    struct statvfs info;
    if (statvfs(path_.c_str(), &info) != 0) abort();
    return static_cast<int64_t>(info.f_bavail) * static_cast<int64_t>(info.f_frsize);
  }
  // Leaves `available` bytes free, by means of the file "filler".
  void FillUpTo(int64_t available) const {
    const int fd = open((path_ + "/filler").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const off_t end = lseek(fd, 0, SEEK_END);
    if (fd < 0 || posix_fallocate(fd, end, Available() - available) != 0) abort();
    close(fd);
  }

 private:
  void Mount(const std::string& options) {
    static const bool is_private =
        unshare(CLONE_NEWNS) == 0 && mount("", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    if (!is_private) abort();
    if (mount("tmpfs", path_.c_str(), "tmpfs", 0, options.c_str()) != 0) abort();
  }

  std::string path_;
  const bool made_ = false;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_TESTING_SMALL_FILE_SYSTEM_H_
