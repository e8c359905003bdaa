// SPDX-License-Identifier: Apache-2.0

// toolboxd-freezer that freezes nothing but what a test has made:
//   freezer_for_tests --only=MAJOR:MINOR[,MAJOR:MINOR]... [--only_fuse=CONNECTION] [OPTION]...
// The numbers are those of stat(2), for btrfs one for each subvolume. FIFREEZE and FITHAW of any
// other file system fail with EPERM, and without the list the program does not start. Processes are
// interrupted, and their core dumps ended, only if it runs in a namespace of process numbers that
// is not the machine's, and of FUSE's connections only that one is aborted.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <atomic>

#include "freezer/freezer.h"
#include "freezer/kernel.h"
#include "freezer/release.h"

namespace toolboxd::freezer {
namespace {

constexpr char kOnly[] = "--only=";
constexpr char kOnlyFuse[] = "--only_fuse=";
// PROC_PID_INIT_INO of include/linux/proc_ns.h.
constexpr ino_t kMachinesNamespace = 0xeffffffc;
constexpr size_t kMaxDevices = 64;

class RestrictedKernel : public LinuxKernel {
 public:
  // False unless the text is a list of at least one device.
  bool Permit(const char* text) {
    for (;;) {
      char* end;
      const unsigned long major_number = strtoul(text, &end, 10);
      if (end == text || *end != ':' || count_ == kMaxDevices) return false;
      text = end + 1;
      const unsigned long minor_number = strtoul(text, &end, 10);
      if (end == text) return false;
      devices_[count_++] = makedev(major_number, minor_number);
      if (*end == '\0') return true;
      if (*end != ',') return false;
      text = end + 1;
    }
  }

  void PermitFuse(const char* text) { fuse_ = static_cast<uint32_t>(strtoul(text, nullptr, 10)); }

  uint32_t InterruptAll(std::atomic<int32_t>& stopped) override {
    return is_contained_ ? LinuxKernel::InterruptAll(stopped) : 0;
  }
  uint32_t AbortFuse() override {
    return fuse_ == 0 ? 0 : freezer::AbortFuse(kFuseConnections, fuse_);
  }
  uint32_t EndCoreDumps() override { return is_contained_ ? LinuxKernel::EndCoreDumps() : 0; }
  int Freeze(int fd) override { return IsPermitted(fd) ? LinuxKernel::Freeze(fd) : EPERM; }
  int Thaw(int fd) override { return IsPermitted(fd) ? LinuxKernel::Thaw(fd) : EPERM; }

 private:
  bool IsPermitted(int fd) {
    FileSystem found;
    if (Identify(fd, found) != 0) return false;
    for (size_t i = 0; i < count_; ++i) {
      if (devices_[i] == found.device) return true;
    }
    return false;
  }

  static bool IsContained() {
    struct stat status;
    return stat("/proc/self/ns/pid", &status) == 0 && status.st_ino != kMachinesNamespace;
  }

  const bool is_contained_ = IsContained();
  uint32_t fuse_ = 0;
  uint64_t devices_[kMaxDevices];
  size_t count_ = 0;
};

}  // namespace
}  // namespace toolboxd::freezer

int main(int argc, char** argv) {
  using toolboxd::freezer::kOnly, toolboxd::freezer::kOnlyFuse;
  toolboxd::freezer::RestrictedKernel kernel;
  if (argc < 2 || strncmp(argv[1], kOnly, strlen(kOnly)) != 0 ||
      !kernel.Permit(argv[1] + strlen(kOnly))) {
    fprintf(stderr, "freezer_for_tests: the first argument is --only=MAJOR:MINOR[,...]\n");
    return 2;
  }
  int used = 1;
  if (argc > 2 && strncmp(argv[2], kOnlyFuse, strlen(kOnlyFuse)) == 0) {
    kernel.PermitFuse(argv[2] + strlen(kOnlyFuse));
    used = 2;
  }
  argv[used] = argv[0];
  return toolboxd::freezer::RunFreezer(argc - used, argv + used, kernel);
}
