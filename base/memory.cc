// SPDX-License-Identifier: Apache-2.0

#include "base/memory.h"

#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace toolboxd {
namespace {

// Drops segments that are never written. Relocated data (RELRO) is in a writable segment of
// the file and must stay: its pages are not in the file as the process needs them.
int DropSegments(dl_phdr_info* object, size_t, void*) {
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const uintptr_t start = object->dlpi_addr + segment.p_vaddr;
    const uintptr_t begin = start & ~(page - 1);
    const uintptr_t end = (start + segment.p_memsz + page - 1) & ~(page - 1);
    madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

std::atomic<bool> give_back_pending{false};

void* GiveBackLater(void*) {
  usleep(1'000'000);
  give_back_pending.store(false);
  GiveBackStartupMemory();
  return nullptr;
}

}  // namespace

void ConfigureAllocator() {
  mallopt(M_ARENA_MAX, 1);
  // A packet of a file passes through several buffers of 60 KiB. By default their memory goes
  // back to the kernel with each packet, and is cleared and mapped for the next.
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

void GiveBackStartupMemory() {
  malloc_trim(0);
  dl_iterate_phdr(DropSegments, nullptr);
}

void GiveBackStartupMemorySoon() {
  if (give_back_pending.exchange(true)) return;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  if (pthread_create(&thread, &attributes, GiveBackLater, nullptr) != 0) {
    give_back_pending.store(false);
  }
  pthread_attr_destroy(&attributes);
}

}  // namespace toolboxd
