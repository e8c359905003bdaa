// SPDX-License-Identifier: Apache-2.0

// Another process and a connection to it.

#ifndef TOOLBOXD_FREEZER_FORK_PAIR_H_
#define TOOLBOXD_FREEZER_FORK_PAIR_H_

#include <sys/types.h>

#include "base/unique_fd.h"

namespace toolboxd::freezer {

// Forks. In either process `end` is then its end of a pair of stream sockets, which becomes
// readable when the other process ends. Returns 0 in the new process, its number in this one, or
// -errno. Allocates nothing.
pid_t ForkPair(UniqueFd& end);

// In the new process: it is ready. False if the other one has ended.
bool SayReady(const UniqueFd& end);

// In the other one, until the new process is ready, at most this long (-1: forever). 0; ECHILD if
// it has ended, ETIMEDOUT.
int AwaitReady(const UniqueFd& end, int wait_ms);

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_FORK_PAIR_H_
