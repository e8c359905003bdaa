// SPDX-License-Identifier: Apache-2.0

#include "freezer/message.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

namespace toolboxd::freezer {

void Report(Level level, const char* text, const char* subject, int error) {
  // A path, a sentence and an error; longer ones are cut.
  static char line[4096 + 256];
  int size =
      snprintf(line, sizeof line - 1, "<%d>toolboxd-freezer: %s%s%s%s", static_cast<int>(level),
               text, subject, error != 0 ? ": " : "", error != 0 ? strerrordesc_np(error) : "");
  if (size < 0) return;
  if (size > static_cast<int>(sizeof line) - 2) size = sizeof line - 2;
  for (int i = 0; i < size; ++i) {
    if (static_cast<unsigned char>(line[i]) < ' ' || line[i] == 0x7f) line[i] = '?';
  }
  line[size++] = '\n';
  pollfd item = {STDERR_FILENO, POLLOUT, 0};
  if (poll(&item, 1, 0) != 1) return;
  (void)!write(STDERR_FILENO, line, size);
}

}  // namespace toolboxd::freezer
