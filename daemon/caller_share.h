// SPDX-License-Identifier: Apache-2.0

// CallerMayTake: how callers of several users share places.

#ifndef TOOLBOXD_DAEMON_CALLER_SHARE_H_
#define TOOLBOXD_DAEMON_CALLER_SHARE_H_

#include <cstddef>

namespace toolboxd {

// Whether a user who has `own` of the `taken` places may take another of all `places`: no user has
// more than are free. So one user has half of them at most, the next one half of the rest, and a
// few who have all that they may have leave a place for another. No user gives one up.
constexpr bool CallerMayTake(size_t own, size_t taken, size_t places) {
  return own + taken < places;
}

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_CALLER_SHARE_H_
