// SPDX-License-Identifier: Apache-2.0

// HGFS packets in a trace (docs/protocol/hgfs.md 5.3 to 5.7).

#ifndef TOOLBOXD_TRANSPORTD_TRACE_HGFS_DETAILS_H_
#define TOOLBOXD_TRANSPORTD_TRACE_HGFS_DETAILS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "transportd/trace/details.h"

namespace toolboxd::trace {

// Adds a packet's operation, path, handle, offset and size; no content. Any bytes may be given.
void AddHgfsPacket(absl::string_view packet, Details& details);

// Such as "HGFS status 0"; empty for bytes that are not a packet. Pure.
std::string DescribeHgfsReply(absl::string_view packet);

}  // namespace toolboxd::trace

#endif  // TOOLBOXD_TRANSPORTD_TRACE_HGFS_DETAILS_H_
