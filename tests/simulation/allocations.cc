// SPDX-License-Identifier: Apache-2.0

#include "tests/simulation/allocations.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <new>
#include <unordered_map>
#include <utility>

// The C library's own allocator, below what this file puts in its place.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* block, size_t size);
void* __libc_memalign(size_t alignment, size_t size);
void __libc_free(void* block);
}

namespace toolboxd::simulation {
namespace {

constexpr int kMaxFrames = 24;

struct Origin {
  void* frames[kMaxFrames];
  int count = 0;
};

// What remembers blocks is none of them.
template <typename T>
struct Uncounted {
  using value_type = T;
  Uncounted() = default;
  template <typename U>
  explicit Uncounted(const Uncounted<U>& /*other*/) {}
  T* allocate(size_t count) {
    // NOLINTNEXTLINE(bugprone-sizeof-expression): a table of pointers is one of them
    return static_cast<T*>(__libc_malloc(count * sizeof(T)));
  }
  void deallocate(T* block, size_t /*count*/) { __libc_free(block); }
  bool operator==(const Uncounted& /*other*/) const { return true; }
  bool operator!=(const Uncounted& /*other*/) const { return false; }
};
using Origins = std::unordered_map<void*, Origin, std::hash<void*>, std::equal_to<>,
                                   Uncounted<std::pair<void* const, Origin>>>;

Allocations live;
Origins* origins = nullptr;
// backtrace(3) allocates when it is called first.
bool busy = false;

// A block has its size, as it was asked for, in its last bytes: what malloc_usable_size(3) returns
// depends on the hole that a block was put in.
constexpr size_t kSizeBytes = sizeof(size_t);

size_t SizeOf(void* block) {
  size_t size;
  memcpy(&size, static_cast<char*>(block) + malloc_usable_size(block) - kSizeBytes, kSizeBytes);
  return size;
}

size_t Enlarged(size_t size) {
  // What cannot be allocated stays so.
  return size > SIZE_MAX - kSizeBytes ? size : size + kSizeBytes;
}

void* Count(void* block, size_t size) {
  if (block == nullptr) return nullptr;
  memcpy(static_cast<char*>(block) + malloc_usable_size(block) - kSizeBytes, &size, kSizeBytes);
  ++live.blocks;
  live.bytes += static_cast<int64_t>(size);
  if (origins != nullptr && !std::exchange(busy, true)) {
    Origin& origin = (*origins)[block];
    origin.count = backtrace(origin.frames, kMaxFrames);
    busy = false;
  }
  return block;
}

void Forget(void* block) {
  if (block == nullptr) return;
  --live.blocks;
  live.bytes -= static_cast<int64_t>(SizeOf(block));
  if (origins != nullptr) origins->erase(block);
}

}  // namespace

Allocations LiveAllocations() { return live; }

void RememberOrigins() {
  static Origins& remembered = *new (__libc_malloc(sizeof(Origins))) Origins;
  remembered.clear();
  // The first call of it allocates.
  void* frame;
  backtrace(&frame, 1);
  origins = &remembered;
}

void PrintOrigins() {
  if (origins == nullptr) return;
  const Origins& remembered = *std::exchange(origins, nullptr);
  for (const auto& [block, origin] : remembered) {
    printf("left: %zu bytes of", SizeOf(block));
    for (int i = 0; i < origin.count; ++i) {
      Dl_info info = {};
      dladdr(origin.frames[i], &info);
      printf(" %#tx", static_cast<char*>(origin.frames[i]) - static_cast<char*>(info.dli_fbase));
    }
    printf("\n");
  }
}

}  // namespace toolboxd::simulation

using toolboxd::simulation::Count;
using toolboxd::simulation::Enlarged;
using toolboxd::simulation::Forget;
using toolboxd::simulation::SizeOf;

extern "C" {

void* malloc(size_t size) { return Count(__libc_malloc(Enlarged(size)), size); }

void* calloc(size_t count, size_t size) {
  size_t all;
  if (__builtin_mul_overflow(count, size, &all)) {
    errno = ENOMEM;
    return nullptr;
  }
  return Count(__libc_calloc(1, Enlarged(all)), all);
}

void* memalign(size_t alignment, size_t size) {
  return Count(__libc_memalign(alignment, Enlarged(size)), size);
}
void* aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void** block, size_t alignment, size_t size) {
  *block = memalign(alignment, size);
  return *block == nullptr ? ENOMEM : 0;
}

void* realloc(void* block, size_t size) {
  const size_t before = block == nullptr ? 0 : SizeOf(block);
  Forget(block);
  void* const moved = __libc_realloc(block, Enlarged(size));
  // What cannot grow stays.
  if (moved == nullptr) Count(block, before);
  return Count(moved, size);
}

void free(void* block) {
  Forget(block);
  __libc_free(block);
}

}  // extern "C"
