// SPDX-License-Identifier: Apache-2.0

#include "transportd/files/connection_failure.h"

#include "base/status.h"

namespace toolboxd::files {

bool IsConnectionFailure(const absl::Status& status) {
  return (absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status)) &&
         ReasonOf(status) == v1::REASON_UNSPECIFIED;
}

}  // namespace toolboxd::files
