// SPDX-License-Identifier: Apache-2.0

// HGFS status codes of failures: the only place where they are translated
// (docs/protocol/hgfs.md 5.5).

#ifndef TOOLBOXD_TRANSPORTD_HGFS_STATUS_H_
#define TOOLBOXD_TRANSPORTD_HGFS_STATUS_H_

#include "absl/status/status.h"
#include "toolboxd/v1/errors.pb.h"
#include "transportd/hgfs/protocol.h"

namespace toolboxd::hgfs {

// A service's reason. kGenericError for those that HGFS has no code for.
Status FromReason(v1::Reason reason);

// The reason that FromReason() turns into `status`; REASON_UNSPECIFIED where there is none.
v1::Reason ToReason(Status status);

// A failure without a reason, of gRPC itself. A service that is gone or that did not
// answer in time is kTransportError.
Status FromStatusCode(absl::StatusCode code);

}  // namespace toolboxd::hgfs

#endif  // TOOLBOXD_TRANSPORTD_HGFS_STATUS_H_
