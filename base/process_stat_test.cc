// SPDX-License-Identifier: Apache-2.0

#include "base/process_stat.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace toolboxd {
namespace {

TEST(ProcessStat, StartTicksDoNotDependOnTheName) {
  const uint64_t ticks = StartTicks(getpid());
  EXPECT_GT(ticks, 0u);
  ASSERT_EQ(prctl(PR_SET_NAME, "a) S 1 (b) 2"), 0);
  EXPECT_EQ(StartTicks(getpid()), ticks);
  EXPECT_LE(StartTicks(getppid()), ticks);
}

TEST(ProcessStat, KernelThreadsAreDistinguishedFromProcesses) {
  const ProcessStat thread = ParseProcessStat(
      "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 11 0 0 20 0 1 0 7 0 0 18446744073709551615");
  EXPECT_TRUE(thread.is_kernel_thread);
  EXPECT_EQ(thread.start_ticks, 7u);
  EXPECT_FALSE(ParseProcessStat("9 (a) R 2129984) S 0 0 0 0 -1 4194560 1 1 1 1 1 11 0 0 20 0 1 0 7")
                   .is_kernel_thread);
  EXPECT_FALSE(ReadProcessStat(getpid()).is_kernel_thread);
  for (const char* cut : {"", "2", "2 (kthreadd", "2 (kthreadd)", "2 (kthreadd) S 0 0"}) {
    EXPECT_FALSE(ParseProcessStat(cut).is_kernel_thread) << cut;
    EXPECT_EQ(ParseProcessStat(cut).start_ticks, 0u) << cut;
  }
}

TEST(ProcessStat, ProcessAndStateAreReadBehindAnyName) {
  const ProcessStat own = ReadProcessStat(getpid());
  EXPECT_EQ(own.process, getpid());
  EXPECT_EQ(own.state, 'R');
  EXPECT_EQ(ParseProcessStat("77 (a) S (b)) Z 1").state, 'Z');
  EXPECT_EQ(ParseProcessStat("77 (a) S (b)) Z 1").process, 77);
  for (const char* cut : {"", "2", "2 (kthreadd", "2 (kthreadd)", "2 (kthreadd) ", "x (a) S 1"}) {
    EXPECT_EQ(ParseProcessStat(cut).state, 0) << cut;
    EXPECT_EQ(ParseProcessStat(cut).process, 0) << cut;
  }
}

TEST(ProcessStat, StartTicksOfNoProcessAreZero) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(StartTicks(child), 0u);
  EXPECT_EQ(StartTicks(-1), 0u);
}

}  // namespace
}  // namespace toolboxd
