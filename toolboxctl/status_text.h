// SPDX-License-Identifier: Apache-2.0

// transportd's status as text for people.

#ifndef TOOLBOXD_TOOLBOXCTL_STATUS_TEXT_H_
#define TOOLBOXD_TOOLBOXCTL_STATUS_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "toolboxctl/output.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// The host and the registration; a table of the services; the configuration, with a line for each
// fault; and the counters, sorted by name.
std::string StatusText(const v1::TransportStatus& status, absl::TimeZone zone,
                       const Terminal& terminal);

// "1.5 MiB"; "-" for 0, which means not known.
std::string SizeText(uint64_t bytes);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_STATUS_TEXT_H_
