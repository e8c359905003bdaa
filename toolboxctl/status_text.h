// SPDX-License-Identifier: Apache-2.0

// transportd's status as text for people.

#ifndef TOOLBOXD_TOOLBOXCTL_STATUS_TEXT_H_
#define TOOLBOXD_TOOLBOXCTL_STATUS_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// One line an item: what is registered, the services, the configuration, then the counters by
// name.
std::string StatusText(const v1::TransportStatus& status, absl::TimeZone zone);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_STATUS_TEXT_H_
