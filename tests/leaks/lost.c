// SPDX-License-Identifier: Apache-2.0

// Memory that a program loses as it starts. A leak check that does not report it finds nothing.

#include <stdlib.h>
#include <string.h>

// Several pieces: a register or a stack may still have the address of the last one.
enum { kPieces = 32, kBytes = 4711 };

__attribute__((noinline)) void LoseMemory(void) {
  for (int i = 0; i < kPieces; ++i) {
    char* volatile lost = malloc(kBytes);
    if (lost != NULL) memset(lost, i, kBytes);
  }
}

__attribute__((constructor)) static void AtStart(void) { LoseMemory(); }
