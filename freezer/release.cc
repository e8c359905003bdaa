// SPDX-License-Identifier: Apache-2.0

#include "freezer/release.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/process_stat.h"
#include "base/unique_fd.h"

namespace toolboxd::freezer {
namespace {

struct Name {
  uint64_t inode;
  int64_t offset;
  uint16_t size;
  uint8_t type;
  char text[1];
};

// The numbers among the names of a folder. opendir(3) would allocate.
class Numbers {
 public:
  Numbers(int folder, const char* path)
      : fd_(openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

  // 0 at the end.
  uint32_t Next() {
    while (fd_.ok()) {
      if (at_ >= size_) {
        size_ = syscall(SYS_getdents64, fd_.get(), names_, sizeof names_);
        at_ = 0;
        if (size_ <= 0) return 0;
      }
      const Name* const name = reinterpret_cast<const Name*>(names_ + at_);
      at_ += name->size;
      char* end;
      const unsigned long number = strtoul(name->text, &end, 10);
      if (*end == '\0' && number > 0 && number <= INT32_MAX) return static_cast<uint32_t>(number);
    }
    return 0;
  }
  int fd() const { return fd_.get(); }

 private:
  const UniqueFd fd_;
  long size_ = 0;
  long at_ = 0;
  alignas(Name) char names_[4096];
};

// The stat file at `path`: a process's, "PID/stat", which is that of its first thread, or a
// thread's.
ProcessStat ReadStat(int proc, const char* path) {
  const UniqueFd file(openat(proc, path, O_RDONLY | O_CLOEXEC));
  char text[512];
  const ssize_t size = file.ok() ? read(file.get(), text, sizeof text - 1) : 0;
  if (size <= 0) return ProcessStat();
  text[size] = '\0';
  return ParseProcessStat(text);
}

bool MayInterrupt(int proc, pid_t process) {
  if (process == 1 || process == getpid() || process == getppid()) return false;
  char path[32];
  snprintf(path, sizeof path, "%d/stat", process);
  const ProcessStat first = ReadStat(proc, path);
  return first.state != 0 && !first.is_kernel_thread;
}

// Whether a signal may, and need, wake the thread: not one that its user has stopped. Each thread
// counts by itself: the first one may have ended, or be held by a debugger, while others write.
bool NeedsWaking(int proc, pid_t process, uint32_t thread) {
  char path[64];
  snprintf(path, sizeof path, "%d/task/%u/stat", process, thread);
  const char state = ReadStat(proc, path).state;
  return state != 0 && strchr("TtZX", state) == nullptr;
}

// Reads /proc/PID/status; false before Linux 4.15, which does not say it.
bool IsDumpingCore(int process) {
  const UniqueFd file(openat(process, "status", O_RDONLY | O_CLOEXEC));
  char text[4096];
  const ssize_t size = file.ok() ? read(file.get(), text, sizeof text - 1) : 0;
  if (size <= 0) return false;
  text[size] = '\0';
  // The name, in the first line, has no line break.
  return strstr(text, "\nCoreDumping:\t1\n") != nullptr;
}

// How many threads were woken.
uint32_t Interrupt(int proc, pid_t process) {
  char path[32];
  snprintf(path, sizeof path, "%d/task", process);
  Numbers threads(proc, path);
  uint32_t count = 0;
  while (const uint32_t thread = threads.Next()) {
    if (!NeedsWaking(proc, process, thread)) continue;
    ++count;
    syscall(SYS_tgkill, process, thread, SIGSTOP);
    // Takes the SIGSTOP back before the thread has seen it; it wakes all the same.
    kill(process, SIGCONT);
  }
  return count;
}

}  // namespace

uint32_t InterruptAll(const char* proc, std::atomic<int32_t>& stopped) {
  Numbers processes(AT_FDCWD, proc);
  uint32_t count = 0;
  while (const uint32_t process = processes.Next()) {
    if (!MayInterrupt(processes.fd(), static_cast<pid_t>(process))) continue;
    stopped.store(static_cast<int32_t>(process));
    if (Interrupt(processes.fd(), static_cast<pid_t>(process)) > 0) ++count;
    stopped.store(0);
  }
  return count;
}

uint32_t EndCoreDumps(const char* proc) {
  Numbers processes(AT_FDCWD, proc);
  uint32_t count = 0;
  while (const uint32_t process = processes.Next()) {
    char name[16];
    snprintf(name, sizeof name, "%u", process);
    // What it says and what gets the signal is one process, whoever has its number later.
    const UniqueFd folder(openat(processes.fd(), name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder.ok() || !IsDumpingCore(folder.get())) continue;
    if (syscall(SYS_pidfd_send_signal, folder.get(), SIGKILL, nullptr, 0) == 0) ++count;
  }
  return count;
}

uint32_t AbortFuse(const char* connections, uint32_t only) {
  Numbers numbers(AT_FDCWD, connections);
  uint32_t count = 0;
  while (const uint32_t number = numbers.Next()) {
    if (only != 0 && number != only) continue;
    char path[32];
    snprintf(path, sizeof path, "%u/abort", number);
    struct statx status = {};
    // The owner of the file is the user who mounted.
    if (statx(numbers.fd(), path, AT_SYMLINK_NOFOLLOW, STATX_UID, &status) != 0) continue;
    if (status.stx_uid == 0) continue;
    const UniqueFd file(openat(numbers.fd(), path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
    if (file.ok() && write(file.get(), "1", 1) == 1) ++count;
  }
  return count;
}

}  // namespace toolboxd::freezer
