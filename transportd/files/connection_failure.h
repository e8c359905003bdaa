// SPDX-License-Identifier: Apache-2.0

#ifndef TOOLBOXD_TRANSPORTD_FILES_CONNECTION_FAILURE_H_
#define TOOLBOXD_TRANSPORTD_FILES_CONNECTION_FAILURE_H_

#include "absl/status/status.h"

namespace toolboxd::files {

// Whether a call failed because the service does not answer: its process hangs or has ended. A
// status with a reason comes from a live service, whatever its code.
bool IsConnectionFailure(const absl::Status& status);

}  // namespace toolboxd::files

#endif  // TOOLBOXD_TRANSPORTD_FILES_CONNECTION_FAILURE_H_
