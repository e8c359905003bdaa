// SPDX-License-Identifier: Apache-2.0

// Removing the records of programs that ended long ago.

#ifndef TOOLBOXD_VIXD_SHIM_JANITOR_H_
#define TOOLBOXD_VIXD_SHIM_JANITOR_H_

#include <time.h>

namespace toolboxd::vixd {

// Removes the files of programs that ended `keep_seconds` ago, and of those whose shim was killed
// so that nobody will ever write their end. Returns when the next program gets old; 0 where none
// has ended.
time_t Sweep(int dir, int keep_seconds);

// Becomes the one janitor of the directory unless there is one: sweeps it until no ended program
// is left. So a thousand
// programs that end at once leave one process behind, not a thousand.
void CleanUp(int dir, int keep_seconds);

// Whether somebody cleans up, who will also see whatever is in the directory by now.
bool HasJanitor(int dir);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_JANITOR_H_
