// SPDX-License-Identifier: Apache-2.0

// Removes the records of programs that ended long ago.

#ifndef TOOLBOXD_VIXD_SHIM_JANITOR_H_
#define TOOLBOXD_VIXD_SHIM_JANITOR_H_

#include <time.h>

namespace toolboxd::vixd {

// Removes the files of programs that ended at least `retention_seconds` ago, and of programs
// whose shim was killed, for which no process will ever record the end. Returns when the next
// program is due, in seconds since 1970; 0 if no ended program is left.
time_t Sweep(int dir, int retention_seconds);

// Becomes the janitor of the directory, unless one is running: sweeps it until no ended program
// is left. There is one janitor for a user, however many programs end at once.
void RunJanitor(int dir, int retention_seconds);

// Whether a janitor is running; it will also pick up every record that is in the directory now.
bool HasJanitor(int dir);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_JANITOR_H_
