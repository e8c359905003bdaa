// SPDX-License-Identifier: Apache-2.0

// The guest's operating system as the host expects it: value of SetGuestInfo type 11
// (docs/protocol/guest-info.md 3.7). Types 5 and 6 are the plain texts full_name and short_name.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_INFO_OS_INFO_H_
#define TOOLBOXD_TRANSPORTD_GUEST_INFO_OS_INFO_H_

#include <string>

#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guest_info {

// 648 bytes of header with both names (cut to 128 and 512 bytes), then items key='value'
// with a backslash before quotes and backslashes, then a NUL. Values are cut to 256 bytes.
std::string EncodeOsDetailed(const v1::OperatingSystem& os);

}  // namespace toolboxd::guest_info

#endif  // TOOLBOXD_TRANSPORTD_GUEST_INFO_OS_INFO_H_
