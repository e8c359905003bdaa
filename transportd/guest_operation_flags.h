// SPDX-License-Identifier: Apache-2.0

// transportd's flags about guest operations.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATION_FLAGS_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATION_FLAGS_H_

#include <string>

#include "absl/flags/declare.h"
#include "transportd/guest_operations/guest_operations.h"
#include "transportd/task_queue.h"

// The policy's file.
ABSL_DECLARE_FLAG(std::string, policy);

namespace toolboxd {

// Work that need not be done at once goes to `queue`, which must outlive what gets the options.
GuestOperationsOptions GuestOperationsFromFlags(TaskQueue* queue);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATION_FLAGS_H_
