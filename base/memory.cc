// SPDX-License-Identifier: Apache-2.0

#include "base/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

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

}  // namespace

void ConfigureAllocator() {
  mallopt(M_ARENA_MAX, 1);
  // A packet of a file passes through several buffers of 60 KiB. By default free() returns their
  // memory to the kernel with each packet, which clears and maps it for the next.
  mallopt(M_TRIM_THRESHOLD, 1 << 20);
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

void TrimStartupMemory() {
  malloc_trim(0);
  dl_iterate_phdr(DropSegments, nullptr);
}

}  // namespace toolboxd
