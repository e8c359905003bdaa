// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operations/tools_state.h"

#include <sys/utsname.h>

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(ToolsState, OperatingSystemIsGuestinfods) {
  v1::OperatingSystem os;
  os.set_short_name("debian12-64");
  os.set_full_name("Linux 6.1.0-18-amd64 Debian GNU/Linux 12 (bookworm)");
  os.set_bits(64);
  const vix::ToolsState state = MakeToolsState(os);
  EXPECT_EQ(state.os_version_short, os.short_name());
  EXPECT_EQ(state.os_version, os.full_name());
  EXPECT_EQ(state.word_size, 64);
}

TEST(ToolsState, OperatingSystemIsTheKernelBeforeGuestinfodReports) {
  utsname kernel{};
  ASSERT_EQ(uname(&kernel), 0);
  const vix::ToolsState state = MakeToolsState(v1::OperatingSystem());
  EXPECT_EQ(state.os_version, std::string("Linux ") + kernel.release);
  EXPECT_EQ(state.os_version_short, "otherlinux-64");
  EXPECT_EQ(state.word_size, 64);
  EXPECT_EQ(state.host_name, kernel.nodename);
}

}  // namespace
}  // namespace toolboxd
