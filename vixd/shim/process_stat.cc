// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/process_stat.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace toolboxd::vixd {

namespace {

// PF_KTHREAD of the kernel's include/linux/sched.h.
constexpr unsigned long kKernelThread = 0x00200000;

// Field `number` of /proc/PID/stat, counted from 1, from the third on; 0 if it is missing.
unsigned long long Field(const char* text, int number) {
  // The name, in parentheses, may hold anything.
  const char* field = strrchr(text, ')');
  for (int i = 2; i < number && field != nullptr; ++i) field = strchr(field + 1, ' ');
  return field == nullptr ? 0 : strtoull(field, nullptr, 10);
}

}  // namespace

ProcessStat ParseProcessStat(const char* text) {
  return {Field(text, 22), (Field(text, 9) & kKernelThread) != 0};
}

ProcessStat ReadProcessStat(pid_t pid) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  char text[1024];
  const ssize_t size = read(fd, text, sizeof text - 1);
  close(fd);
  if (size <= 0) return {};
  text[size] = '\0';
  return ParseProcessStat(text);
}

uint64_t StartTicks(pid_t pid) { return ReadProcessStat(pid).start_ticks; }

}  // namespace toolboxd::vixd
