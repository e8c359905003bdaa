// SPDX-License-Identifier: Apache-2.0

#include "base/memory.h"

#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace toolboxd {
namespace {

// Entries of /proc/PID/pagemap: a page of a file, or one that was written since.
constexpr uint64_t kPresent = uint64_t{1} << 63, kSwapped = uint64_t{1} << 62,
                   kOfFile = uint64_t{1} << 61;

bool IsChanged(uint64_t entry) {
  return (entry & (kPresent | kSwapped)) != 0 && (entry & kOfFile) == 0;
}

void Drop(uintptr_t begin, uintptr_t end) {
  if (begin == end) return;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses of program headers are numbers
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

// Drops what the file has, and keeps the pages that another process has changed: a debugger's
// breakpoints, and instructions that a simulated hypervisor has replaced.
void DropUnchanged(int pagemap, uintptr_t begin, uintptr_t end, uintptr_t page) {
  std::array<uint64_t, 512> entries;
  while (begin < end) {
    const size_t count = std::min<size_t>((end - begin) / page, entries.size());
    const size_t size = count * sizeof(uint64_t);
    const off_t offset = static_cast<off_t>(begin / page * sizeof(uint64_t));
    // Processes that hide from their user (daemon/lockdown.h) cannot read their own.
    if (pread(pagemap, entries.data(), size, offset) != static_cast<ssize_t>(size)) {
      return Drop(begin, end);
    }
    uintptr_t clean = begin;
    for (size_t i = 0; i < count; ++i) {
      if (!IsChanged(entries[i])) continue;
      Drop(clean, begin + i * page);
      clean = begin + (i + 1) * page;
    }
    begin += count * page;
    Drop(clean, begin);
  }
}

// Drops segments that are never written. Relocated data (RELRO) is in a writable segment of
// the file and must stay: its pages are not in the file as the process needs them.
int DropSegments(dl_phdr_info* object, size_t, void* pagemap) {
  const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const uintptr_t start = object->dlpi_addr + segment.p_vaddr;
    const uintptr_t begin = start & ~(page - 1);
    const uintptr_t end = (start + segment.p_memsz + page - 1) & ~(page - 1);
    DropUnchanged(*static_cast<const int*>(pagemap), begin, end, page);
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
  const int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  dl_iterate_phdr(DropSegments, const_cast<int*>(&pagemap));
  if (pagemap >= 0) close(pagemap);
}

}  // namespace toolboxd
