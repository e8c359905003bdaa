// SPDX-License-Identifier: Apache-2.0

// toolboxctl wait: returns when something is so.

#ifndef TOOLBOXD_TOOLBOXCTL_WAIT_H_
#define TOOLBOXD_TOOLBOXCTL_WAIT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "toolboxctl/transport_client.h"

namespace toolboxd {

// The condition that --for names: "channel", "registered" or "address". InvalidArgument with the
// valid names for another one.
absl::StatusOr<TransportClient::Condition> WaitCondition(absl::string_view name);

// As the flags --for and --timeout say. The exit status; kExitTimeout if it has not come in time.
int WaitMain();

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_WAIT_H_
