// SPDX-License-Identifier: Apache-2.0

#include "base/process_stat.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace toolboxd {
namespace {

// PF_KTHREAD of the kernel's include/linux/sched.h.
constexpr unsigned long kKernelThread = 0x00200000;

// Field `number` of the file, from the fourth on, after the third one; 0 if it is missing.
unsigned long long Field(const char* third, int number) {
  const char* field = third;
  for (int i = 3; i < number && field != nullptr; ++i) field = strchr(field + 1, ' ');
  return field == nullptr ? 0 : strtoull(field, nullptr, 10);
}

}  // namespace

ProcessStat ParseProcessStat(const char* text) {
  // PID (NAME) STATE …, where a name may hold anything.
  const char* const name_end = strrchr(text, ')');
  if (name_end == nullptr || name_end[1] != ' ' || name_end[2] == '\0') return {};
  const auto process = static_cast<pid_t>(strtol(text, nullptr, 10));
  if (process <= 0) return {};
  const char* const state = name_end + 2;
  return {process, *state, (Field(state, 9) & kKernelThread) != 0, Field(state, 22)};
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

}  // namespace toolboxd
