// Removing the records of programs that ended long ago.

#ifndef TOOLBOXD_VIXD_SHIM_JANITOR_H_
#define TOOLBOXD_VIXD_SHIM_JANITOR_H_

namespace toolboxd::vix {

// Becomes the one janitor of the directory unless there is one: removes the files of programs
// `keep_seconds` after their end, and returns when no ended program is left. So a thousand
// programs that end at once leave one process behind, not a thousand.
void CleanUp(int dir, int keep_seconds);

// Whether somebody cleans up, who will also see whatever is in the directory by now.
bool HasJanitor(int dir);

}  // namespace toolboxd::vix

#endif  // TOOLBOXD_VIXD_SHIM_JANITOR_H_
