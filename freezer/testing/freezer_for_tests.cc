// SPDX-License-Identifier: Apache-2.0

// toolboxd-freezer that freezes nothing but what a test has made:
//   freezer_for_tests --only=MAJOR:MINOR[,MAJOR:MINOR]... [OPTION]...
// The numbers are those of stat(2), for btrfs one for each subvolume. FIFREEZE and FITHAW of any
// other file system fail with EPERM, and without the list the program does not start.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "freezer/freezer.h"
#include "freezer/kernel.h"

namespace toolboxd::freezer {
namespace {

constexpr char kOnly[] = "--only=";
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

  uint64_t devices_[kMaxDevices];
  size_t count_ = 0;
};

}  // namespace
}  // namespace toolboxd::freezer

int main(int argc, char** argv) {
  using toolboxd::freezer::kOnly;
  toolboxd::freezer::RestrictedKernel kernel;
  if (argc < 2 || strncmp(argv[1], kOnly, strlen(kOnly)) != 0 ||
      !kernel.Permit(argv[1] + strlen(kOnly))) {
    fprintf(stderr, "freezer_for_tests: the first argument is --only=MAJOR:MINOR[,...]\n");
    return 2;
  }
  argv[1] = argv[0];
  return toolboxd::freezer::RunFreezer(argc - 1, argv + 1, kernel);
}
