// SPDX-License-Identifier: Apache-2.0

#include "base/mount_id.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace toolboxd {

uint32_t MountIdByFdinfo(int fd) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
  const UniqueFd file(open(path, O_RDONLY | O_CLOEXEC));
  if (!file.ok()) return 0;
  char text[512];
  const ssize_t size = read(file.get(), text, sizeof text - 1);
  if (size <= 0) return 0;
  text[size] = '\0';
  constexpr char kName[] = "\nmnt_id:\t";
  const char* const line = strstr(text, kName);
  return line == nullptr ? 0 : static_cast<uint32_t>(strtoul(line + strlen(kName), nullptr, 10));
}

uint32_t MountIdOf(int fd) {
  struct statx status = {};
  if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &status) == 0 &&
      (status.stx_mask & STATX_MNT_ID) != 0) {
    return static_cast<uint32_t>(status.stx_mnt_id);
  }
  return MountIdByFdinfo(fd);
}

}  // namespace toolboxd
