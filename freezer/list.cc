// SPDX-License-Identifier: Apache-2.0

#include "freezer/list.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "freezer/message.h"

namespace toolboxd::freezer {
namespace {

constexpr char kMagic[8] = {'t', 'b', 'x', 'f', 'r', 'z', '3', '\0'};

constexpr int kClaimPauseMs = 10;

struct Entry {
  uint64_t type;
  uint64_t device;
  uint32_t mount_id;
  // With the final NUL, which follow.
  uint32_t path_size;
};
static_assert(sizeof(Entry) == 24);

// The path of the entry that is being loaded, which is too large for a stack.
char g_path[kMaxPath];

int CheckFile(int fd) {
  struct stat status;
  struct statfs file_system;
  if (fstat(fd, &status) != 0 || fstatfs(fd, &file_system) != 0) return errno;
  if (!S_ISREG(status.st_mode) || status.st_uid != geteuid()) return EPERM;
  return file_system.f_type == TMPFS_MAGIC ? 0 : ENOTSUP;
}

bool ReadAll(int fd, void* data, size_t size, off_t at) {
  return pread(fd, data, size, at) == static_cast<ssize_t>(size);
}

bool WriteAll(int fd, const void* data, size_t size, off_t at) {
  errno = ENOSPC;
  return pwrite(fd, data, size, at) == static_cast<ssize_t>(size);
}

// Reads the entry at `at`, its path into g_path, and moves `at` to the next one.
bool ReadEntry(int fd, off_t& at, Entry& entry) {
  if (!ReadAll(fd, &entry, sizeof entry, at)) return false;
  if (entry.path_size == 0 || entry.path_size > sizeof g_path) return false;
  if (!ReadAll(fd, g_path, entry.path_size, at + sizeof entry)) return false;
  if (g_path[entry.path_size - 1] != '\0') return false;
  at += sizeof entry + entry.path_size;
  return true;
}

}  // namespace

List::~List() {
  if (page_ != nullptr) munmap(page_, kPageSize);
}

int List::Open(const char* path) {
  fd_.reset(open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
  if (!fd_.ok()) return errno;
  if (const int error = CheckFile(fd_.get()); error != 0) return error;
  // The file may be empty still: the page is not touched yet.
  void* const page = mmap(nullptr, kPageSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (page == MAP_FAILED) return errno;
  page_ = static_cast<Page*>(page);
  return 0;
}

int List::Claim(int patience_ms) {
  for (int waited = 0; flock(fd_.get(), LOCK_EX | LOCK_NB) != 0; waited += kClaimPauseMs) {
    if (errno != EWOULDBLOCK && errno != EINTR) return errno;
    if (waited >= patience_ms) return EBUSY;
    poll(nullptr, 0, kClaimPauseMs);
  }
  return 0;
}

void List::Leave() { fd_.reset(); }

void List::Release() { flock(fd_.get(), LOCK_UN); }

int List::Begin() {
  if (ftruncate(fd_.get(), 0) != 0) return errno;
  // Memory for the page: without it, touching it would end this process.
  if (fallocate(fd_.get(), 0, 0, kPageSize) != 0) return errno;
  end_ = kPageSize;
  memcpy(page_->magic, kMagic, sizeof kMagic);
  return 0;
}

int List::Append(const FileSystem& file_system, const char* path) {
  const size_t size = strlen(path) + 1;
  const Entry entry = {file_system.type, file_system.device, file_system.mount_id,
                       static_cast<uint32_t>(size)};
  if (!WriteAll(fd_.get(), &entry, sizeof entry, end_) ||
      !WriteAll(fd_.get(), path, size, end_ + sizeof entry)) {
    return errno;
  }
  end_ += sizeof entry + size;
  page_->count.store(page_->count.load() + 1);
  return 0;
}

void List::Clear() {
  page_->count.store(0);
  // The page stays: another process of this freezer may still read it.
  (void)!ftruncate(fd_.get(), kPageSize);
}

int List::Load(Kernel& kernel, Targets& targets, int (&errors)[kMaxTargets]) {
  struct stat status;
  if (fstat(fd_.get(), &status) != 0) return errno;
  if (status.st_size < static_cast<off_t>(kPageSize)) return ENOENT;
  if (memcmp(page_->magic, kMagic, sizeof kMagic) != 0) return ENOENT;
  targets.page = page_;
  const uint32_t count = page_->count.load();
  off_t at = kPageSize;
  for (uint32_t i = 0; i < count && i < kMaxTargets; ++i) {
    Entry entry;
    if (!ReadEntry(fd_.get(), at, entry)) return EBADMSG;
    targets.count = i + 1;
    targets.fds[i] = -1;
    errors[i] = 0;
    const State state = page_->states[i].load();
    if (state != State::kTrying && state != State::kFrozen) continue;
    targets.fds[i] = kernel.OpenAgain(g_path, {entry.type, entry.device, entry.mount_id});
    if (targets.fds[i] >= 0) continue;
    errors[i] = -targets.fds[i];
    if (errors[i] == ENOENT || errors[i] == EXDEV) page_->states[i].store(State::kThawed);
  }
  return 0;
}

const char* List::PathOf(uint32_t index) {
  off_t at = kPageSize;
  Entry entry;
  for (uint32_t i = 0; i <= index; ++i) {
    if (!ReadEntry(fd_.get(), at, entry)) return "";
  }
  return g_path;
}

int ThawLeftovers(Kernel& kernel, List& list, int patience_ms) {
  static Targets targets;
  static int errors[kMaxTargets];
  static bool was_left[kMaxTargets];
  targets.count = 0;
  if (const int error = list.Claim(patience_ms); error != 0) return error;
  const int loaded = list.Load(kernel, targets, errors);
  int result = loaded == ENOENT ? 0 : loaded;
  if (loaded != ENOENT) kernel.Continue(list.page()->stopped.exchange(0));
  for (uint32_t i = 0; i < targets.count; ++i) was_left[i] = targets.fds[i] >= 0;
  ThawAll(kernel, targets);
  for (uint32_t i = 0; i < targets.count; ++i) {
    const State state = targets.page->states[i].load();
    if (targets.fds[i] >= 0) close(targets.fds[i]);
    if (state == State::kTrying || state == State::kFrozen) {
      result = errors[i] != 0 ? errors[i] : EIO;
      Report(Level::kError, "cannot thaw; try fsfreeze --unfreeze ", list.PathOf(i), result);
    } else if (was_left[i]) {
      Report(Level::kWarning, "thawed, since an earlier process ended: ", list.PathOf(i));
    } else if (errors[i] != 0) {
      Report(Level::kWarning, "not there any more, and perhaps frozen: ", list.PathOf(i),
             errors[i]);
    }
  }
  if (loaded != ENOENT && !MayBeFrozen(targets)) list.Clear();
  list.Release();
  return result;
}

}  // namespace toolboxd::freezer
