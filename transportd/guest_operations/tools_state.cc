// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/tools_state.h"

#include <sys/utsname.h>

#include "absl/strings/str_cat.h"
#include "base/version.h"

namespace toolboxd {
namespace {

// VMware's name for a Linux of an unknown distribution.
constexpr char kOtherLinux[] = "otherlinux-64";

}  // namespace

vix::ToolsState MakeToolsState(const v1::OperatingSystem& operating_system) {
  utsname kernel{};
  uname(&kernel);
  vix::ToolsState state;
  state.os_version = operating_system.full_name();
  if (state.os_version.empty()) {
    state.os_version = absl::StrCat(kernel.sysname, " ", kernel.release);
  }
  state.os_version_short = operating_system.short_name();
  if (state.os_version_short.empty()) state.os_version_short = kOtherLinux;
  if (operating_system.bits() != 0) {
    state.word_size = static_cast<int32_t>(operating_system.bits());
  }
  state.product_name = "toolboxd";
  state.tools_version = kVersion;
  state.host_name = kernel.nodename;
  state.temporary_directory = "/tmp";
  return state;
}

}  // namespace toolboxd
