// SPDX-License-Identifier: Apache-2.0

#include "vixd/launcher.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "absl/strings/match.h"
#include "base/status.h"
#include "gtest/gtest.h"

namespace toolboxd::vixd {
namespace {

// Whether this is true in a process of a user without rights. Needs root.
bool HoldsForNobody(const std::function<bool()>& check) {
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(2);
    _exit(check() ? 0 : 1);
  }
  int status = -1;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Launcher, WorkingDirectoryThatMayNotBeEnteredIsNamed) {
  char folder[] = "/tmp/launcher-test-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  for (const std::string& directory : {std::string(folder), std::string(folder) + "/below"}) {
    EXPECT_TRUE(HoldsForNobody([&] {
      Launcher launcher({.shim = "/nonexistent", .records = "/nonexistent"});
      Launch launch;
      launch.program = "/bin/true";
      launch.working_directory = directory;
      const absl::Status status = launcher.Start(launch, [] { return false; }).status();
      return ReasonOf(status) == v1::ACCESS_DENIED &&
             absl::StrContains(status.message(), directory);
    })) << directory;
  }
  rmdir(folder);
}

}  // namespace
}  // namespace toolboxd::vixd
