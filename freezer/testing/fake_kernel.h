// SPDX-License-Identifier: Apache-2.0

// A kernel whose file systems are flags in memory that forked processes share.

#ifndef TOOLBOXD_FREEZER_TESTING_FAKE_KERNEL_H_
#define TOOLBOXD_FREEZER_TESTING_FAKE_KERNEL_H_

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <new>

#include "freezer/kernel.h"
#include "freezer/protocol.h"

namespace toolboxd::freezer {

// File system N has the path "/N" and the mount id N; its device is N, its type 1.
class FakeKernel : public Kernel {
 public:
  static constexpr uint32_t kFileSystems = kMaxTargets + 1;

  struct Shared {
    std::atomic<bool> frozen[kFileSystems];
    // Errnos of the next calls; 0 for none.
    std::atomic<int> freeze_error[kFileSystems];
    std::atomic<int> thaw_error[kFileSystems];
    std::atomic<int> sync_error[kFileSystems];
    // How long each Freeze and each Sync takes, of the real clock.
    std::atomic<int> freeze_ms, sync_ms;
    std::atomic<int> freezes, thaws, syncs, interrupts, aborts, dumps, continued;
    // In nanoseconds; below zero: the real clock.
    std::atomic<int64_t> now;
  };

  FakeKernel() {
    void* const memory =
        mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) abort();
    shared_ = new (memory) Shared();
    shared_->now = 1'000'000'000;
  }
  FakeKernel(const FakeKernel&) = delete;
  FakeKernel& operator=(const FakeKernel&) = delete;
  ~FakeKernel() { munmap(shared_, sizeof(Shared)); }

  Shared& shared() { return *shared_; }
  void UseRealTime() { shared_->now = -1; }
  void Advance(uint32_t ms) { shared_->now += int64_t{ms} * 1'000'000; }
  int Frozen() {
    int count = 0;
    for (const auto& frozen : shared_->frozen) count += frozen ? 1 : 0;
    return count;
  }
  // Called in each Freeze of its own process, with the number of the file system.
  std::function<void(uint32_t)> on_freeze = [](uint32_t) {};
  // Called in each Sync, after it was counted.
  std::function<void()> on_sync = [] {};

  int OpenMountTable() override { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

  int OpenMount(const MountName& mount, FileSystem& found) override {
    const uint32_t number = Number(mount.path);
    if (number >= kFileSystems) return -ENOENT;
    if (number != mount.id) return -EXDEV;
    found = Known(number);
    return Open(number);
  }

  int OpenAgain(const char* path, const FileSystem& known) override {
    const uint32_t number = Number(path);
    if (number >= kFileSystems) return -ENOENT;
    return known.device == number && known.type == 1 ? Open(number) : -EXDEV;
  }

  int Sync(int fd) override {
    const uint32_t number = numbers_[fd];
    ++shared_->syncs;
    on_sync();
    if (shared_->sync_ms > 0) poll(nullptr, 0, shared_->sync_ms);
    return shared_->sync_error[number].exchange(0);
  }

  int Freeze(int fd) override {
    const uint32_t number = numbers_[fd];
    ++shared_->freezes;
    on_freeze(number);
    if (shared_->freeze_ms > 0) poll(nullptr, 0, shared_->freeze_ms);
    if (const int error = shared_->freeze_error[number].exchange(0); error != 0) return error;
    return shared_->frozen[number].exchange(true) ? EBUSY : 0;
  }

  int Thaw(int fd) override {
    const uint32_t number = numbers_[fd];
    if (const int error = shared_->thaw_error[number].exchange(0); error != 0) return error;
    if (!shared_->frozen[number].exchange(false)) return EINVAL;
    ++shared_->thaws;
    return 0;
  }

  uint32_t InterruptAll(std::atomic<int32_t>& stopped) override {
    (void)stopped;
    ++shared_->interrupts;
    return 1;
  }
  uint32_t AbortFuse() override {
    ++shared_->aborts;
    return 1;
  }
  uint32_t EndCoreDumps() override {
    ++shared_->dumps;
    return 1;
  }
  void Continue(int32_t process) override { shared_->continued += process; }
  int ForbidOpening() override { return 0; }
  int LockMemory() override { return 0; }

  int64_t Now() override {
    if (shared_->now >= 0) return shared_->now;
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
  }

  static FileSystem Known(uint32_t number) {
    FileSystem known;
    known.type = 1;
    known.device = number;
    known.mount_id = number;
    return known;
  }

 private:
  static uint32_t Number(const char* path) {
    char* end;
    const unsigned long number = path[0] == '/' ? strtoul(path + 1, &end, 10) : kFileSystems;
    return path[0] == '/' && end != path + 1 && *end == '\0' && number < kFileSystems
               ? static_cast<uint32_t>(number)
               : kFileSystems;
  }

  int Open(uint32_t number) {
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd >= static_cast<int>(kMaxFd)) abort();
    numbers_[fd] = number;
    return fd;
  }

  static constexpr size_t kMaxFd = 1024;

  Shared* shared_;
  uint32_t numbers_[kMaxFd] = {};
};

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_TESTING_FAKE_KERNEL_H_
