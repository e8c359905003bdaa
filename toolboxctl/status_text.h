// SPDX-License-Identifier: Apache-2.0

// transportd's status as text for people.

#ifndef TOOLBOXD_TOOLBOXCTL_STATUS_TEXT_H_
#define TOOLBOXD_TOOLBOXCTL_STATUS_TEXT_H_

#include <string>

#include "absl/time/time.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// One line for each item: the registration, the channel, the services, the configuration, and
// the counters sorted by name.
std::string StatusText(const v1::TransportStatus& status, absl::TimeZone zone);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_STATUS_TEXT_H_
