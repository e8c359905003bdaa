// SPDX-License-Identifier: Apache-2.0

#include "tests/simulation/allocations.h"

#include <malloc.h>

#include <cstddef>
#include <cstdlib>
#include <new>

namespace toolboxd::simulation {
namespace {

Allocations live;

void* Allocate(size_t size) {
  void* block = malloc(size == 0 ? 1 : size);
  if (block == nullptr) abort();
  ++live.blocks;
  live.bytes += static_cast<int64_t>(malloc_usable_size(block));
  return block;
}

void Free(void* block) {
  if (block == nullptr) return;
  --live.blocks;
  live.bytes -= static_cast<int64_t>(malloc_usable_size(block));
  free(block);
}

}  // namespace

Allocations LiveAllocations() { return live; }

}  // namespace toolboxd::simulation

void* operator new(size_t size) { return toolboxd::simulation::Allocate(size); }
void* operator new[](size_t size) { return toolboxd::simulation::Allocate(size); }
void operator delete(void* block) noexcept { toolboxd::simulation::Free(block); }
void operator delete[](void* block) noexcept { toolboxd::simulation::Free(block); }
void operator delete(void* block, size_t) noexcept { toolboxd::simulation::Free(block); }
void operator delete[](void* block, size_t) noexcept { toolboxd::simulation::Free(block); }
