// SPDX-License-Identifier: Apache-2.0

// CancelCheck: what an operation asks before its commit point.

#ifndef TOOLBOXD_HGFSD_FS_CANCELLATION_H_
#define TOOLBOXD_HGFSD_FS_CANCELLATION_H_

#include <functional>

#include "absl/status/status.h"

namespace toolboxd::hgfsd {

// Whether the caller has cancelled the operation. Empty means never. Called on the operation's
// thread.
using CancelCheck = std::function<bool()>;

// CANCELLED if the caller has cancelled the operation, OK otherwise. An operation that returns
// CANCELLED has had no effect, unless its own comment says more.
inline absl::Status CheckCancelled(const CancelCheck& cancelled) {
  if (cancelled && cancelled()) return absl::CancelledError("the caller cancelled the operation");
  return absl::OkStatus();
}

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_CANCELLATION_H_
