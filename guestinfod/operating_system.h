// SPDX-License-Identifier: Apache-2.0

// Names of the operating system, as VMware's products spell them.

#ifndef TOOLBOXD_GUESTINFOD_OPERATING_SYSTEM_H_
#define TOOLBOXD_GUESTINFOD_OPERATING_SYSTEM_H_

#include <string>

#include "absl/strings/string_view.h"
#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guestinfod {

// uname(2).
struct Kernel {
  std::string release;
  std::string machine;
};
Kernel RunningKernel();

// `os_release` is the text of base/os_release.h, or empty if the system has none. A distribution
// that VMware has no name for is named after its kernel, as in "other6xlinux-64".
v1::OperatingSystem DescribeOperatingSystem(absl::string_view os_release, const Kernel& kernel);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_OPERATING_SYSTEM_H_
