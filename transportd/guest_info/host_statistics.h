// SPDX-License-Identifier: Apache-2.0

// What the host says of this virtual machine's resources: the reply to guestlib.info.get 3
// (docs/protocol/rpc.md 2.7).

#ifndef TOOLBOXD_TRANSPORTD_GUEST_INFO_HOST_STATISTICS_H_
#define TOOLBOXD_TRANSPORTD_GUEST_INFO_HOST_STATISTICS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd::guest_info {

constexpr char kHostStatisticsRequest[] = "guestlib.info.get 3";

// The statistics that the host has values for and that this version knows, in the order of the
// reply. INVALID_ARGUMENT for a reply of another version or one that is cut. Pure.
absl::StatusOr<v1::HostStatistics> DecodeHostStatistics(absl::string_view reply);

}  // namespace toolboxd::guest_info

#endif  // TOOLBOXD_TRANSPORTD_GUEST_INFO_HOST_STATISTICS_H_
