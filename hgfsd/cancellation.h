// SPDX-License-Identifier: Apache-2.0

// CancelCheck: asked by an operation before its commit point.

#ifndef TOOLBOXD_HGFSD_CANCELLATION_H_
#define TOOLBOXD_HGFSD_CANCELLATION_H_

#include <functional>

#include "absl/status/status.h"

namespace toolboxd::hgfsd {

// Whether the caller has given up. Empty means never. Called on the operation's thread.
using CancelCheck = std::function<bool()>;

// CANCELLED if the caller has given up, OK otherwise. An operation that returns this
// has had no effect.
inline absl::Status CheckCancelled(const CancelCheck& cancelled) {
  if (cancelled && cancelled()) return absl::CancelledError("the call was given up");
  return absl::OkStatus();
}

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_CANCELLATION_H_
