// SPDX-License-Identifier: Apache-2.0

// StartThread: starts a thread; BUSY if the system cannot create one.

#ifndef TOOLBOXD_HGFSD_START_THREAD_H_
#define TOOLBOXD_HGFSD_START_THREAD_H_

#include <errno.h>

#include <system_error>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "base/status.h"

namespace toolboxd::hgfsd {

// BUSY if the user, the unit or the machine has as many threads as it may have. Only one call fails
// then, and the process continues.
template <typename Body>
absl::StatusOr<std::thread> StartThread(Body body) {
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error&) {
    return MakeError(
        v1::BUSY,
        "cannot start a thread: the limit of the user, the unit or the machine is reached", EAGAIN);
  }
}

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_START_THREAD_H_
