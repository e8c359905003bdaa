// SPDX-License-Identifier: Apache-2.0

// What the host learns about the guest by GET_TOOLS_STATE (docs/protocol/vix.md 4.7).

#ifndef TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_TOOLS_STATE_H_
#define TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_TOOLS_STATE_H_

#include "toolboxd/v1/guest_info.pb.h"
#include "transportd/vix/property_list.h"

namespace toolboxd {

// `operating_system` is guestinfod's, so that the host gets the same names here and in
// SetGuestInfo. If it has no names, which is so before guestinfod's first snapshot, the names are
// the kernel's, of uname(2). The host name is that of uname(2) at the time of the call.
// Thread-safe.
vix::ToolsState MakeToolsState(const v1::OperatingSystem& operating_system);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_GUEST_OPERATIONS_TOOLS_STATE_H_
