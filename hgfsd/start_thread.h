// SPDX-License-Identifier: Apache-2.0

// Starting a thread where there may be none to be had.

#ifndef TOOLBOXD_HGFSD_START_THREAD_H_
#define TOOLBOXD_HGFSD_START_THREAD_H_

#include <errno.h>

#include <system_error>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "base/status.h"

namespace toolboxd::hgfsd {

// BUSY where the user, the unit or the machine has as many threads as it may have: an error
// of one call, not the end of the process.
template <typename Body>
absl::StatusOr<std::thread> StartThread(Body body) {
  try {
    return std::thread(std::move(body));
  } catch (const std::system_error&) {
    return MakeError(v1::BUSY, "there is no thread to be had", EAGAIN);
  }
}

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_START_THREAD_H_
