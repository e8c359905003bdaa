// SPDX-License-Identifier: Apache-2.0

// Names of the operating system, as VMware's products spell them.

#ifndef TOOLBOXD_GUESTINFOD_OPERATING_SYSTEM_H_
#define TOOLBOXD_GUESTINFOD_OPERATING_SYSTEM_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "toolboxd/v1/guest_info.pb.h"

namespace toolboxd::guestinfod {

// The assignments of an os-release file (os-release(5)), with quotes and escapes undone.
// Lines that are none are skipped.
std::map<std::string, std::string> ParseOsRelease(absl::string_view text);

// uname(2).
struct Kernel {
  std::string release;
  std::string machine;
};
Kernel RunningKernel();

// `os_release` is a file's text, or empty if the system has none. A distribution that VMware
// has no name for is named after its kernel, as in "other6xlinux-64".
v1::OperatingSystem DescribeOperatingSystem(absl::string_view os_release, const Kernel& kernel);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_OPERATING_SYSTEM_H_
