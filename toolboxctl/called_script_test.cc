// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/called_script.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/small_file.h"
#include "base/testing/eventually.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr char kScript[] = "/etc/toolboxd/snapshot.d/10-called-script-test";

// A process that was called as kScript freeze, which leads a group.
pid_t Call() {
  const pid_t process = fork();
  if (process == 0) {
    setpgid(0, 0);
    execl("/bin/sh", "sh", "-c", "sleep 600; :", kScript, "freeze", nullptr);
    _exit(127);
  }
  EXPECT_TRUE(Eventually([&] {
    return getpgid(process) == process &&
           absl::StrContains(
               ReadSmallFileOrEmpty(absl::StrCat("/proc/", process, "/cmdline"), 4096), kScript);
  }));
  return process;
}

TEST(EndCalledScript, EndsThoseOfItsEventAndNoOthers) {
  const pid_t process = Call();
  EXPECT_EQ(EndCalledScript(kScript, "thaw", getuid()), 0);
  EXPECT_EQ(kill(process, 0), 0);
  EXPECT_EQ(EndCalledScript(kScript, "freeze", getuid()), 1);
  int status = 0;
  EXPECT_EQ(waitpid(process, &status, 0), process);
  EXPECT_TRUE(WIFSIGNALED(status));
}

// Whose arguments may be any text, in memory that their user holds.
TEST(EndCalledScript, ProcessesOfOtherUsersAreLeftAlone) {
  const pid_t process = Call();
  EXPECT_EQ(EndCalledScript(kScript, "freeze", getuid() + 1), 0);
  EXPECT_EQ(waitpid(process, nullptr, WNOHANG), 0);
  EXPECT_EQ(EndCalledScript(kScript, "freeze", getuid()), 1);
  EXPECT_EQ(waitpid(process, nullptr, 0), process);
}

}  // namespace
}  // namespace toolboxd
