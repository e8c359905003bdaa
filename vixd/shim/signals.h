// SPDX-License-Identifier: Apache-2.0

// Signals to processes known by number.

#ifndef TOOLBOXD_VIXD_SHIM_SIGNALS_H_
#define TOOLBOXD_VIXD_SHIM_SIGNALS_H_

#include <errno.h>
#include <signal.h>
#include <sys/types.h>

namespace toolboxd::vixd {

// kill(2) without its special numbers: 0, -1 and the like, which mean "all of them", and 1
// as a group, which is -1 to kill(2), are ESRCH. False and errno.
inline bool SignalProcess(pid_t pid, int number) {
  if (pid > 1) return kill(pid, number) == 0;
  errno = ESRCH;
  return false;
}
inline bool SignalGroup(pid_t leader, int number) {
  if (leader > 1) return kill(-leader, number) == 0;
  errno = ESRCH;
  return false;
}

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_SIGNALS_H_
