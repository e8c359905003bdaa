// SPDX-License-Identifier: Apache-2.0

// Sends signals to processes that are known by id only.

#ifndef TOOLBOXD_VIXD_SHIM_SIGNALS_H_
#define TOOLBOXD_VIXD_SHIM_SIGNALS_H_

#include <errno.h>
#include <signal.h>
#include <sys/types.h>

namespace toolboxd::vixd {

// kill(2) without its special ids: 0 and negative ones, which address many processes, and the
// group 1, which kill(2) takes as -1, are ESRCH. False and errno.
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
