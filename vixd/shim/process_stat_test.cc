// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/process_stat.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace toolboxd::vixd {
namespace {

TEST(ProcessStat, StartTicksDoNotDependOnTheName) {
  const uint64_t ticks = StartTicks(getpid());
  EXPECT_GT(ticks, 0u);
  ASSERT_EQ(prctl(PR_SET_NAME, "a) S 1 (b) 2"), 0);
  EXPECT_EQ(StartTicks(getpid()), ticks);
  EXPECT_LE(StartTicks(getppid()), ticks);
}

TEST(ProcessStat, StartTicksOfNoProcessAreZero) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(StartTicks(child), 0u);
  EXPECT_EQ(StartTicks(-1), 0u);
}

}  // namespace
}  // namespace toolboxd::vixd
