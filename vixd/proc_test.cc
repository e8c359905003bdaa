// SPDX-License-Identifier: Apache-2.0

#include "vixd/proc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "vixd/shim/signals.h"

namespace toolboxd::vixd {
namespace {

using testing::Contains;

// A user other than root and whoever runs the test.
constexpr uid_t kOther = 65534;

std::optional<ProcessInfo> ReadProcess(pid_t pid) {
  std::optional<ProcessInfo> process = ReadProcessFacts(pid);
  if (process.has_value()) ReadArguments(*process);
  return process;
}

TEST(Proc, ListsAndReadsThisProcess) {
  EXPECT_THAT(ListProcessIds(), Contains(getpid()));
  const std::optional<ProcessInfo> process = ReadProcess(getpid());
  ASSERT_TRUE(process.has_value());
  EXPECT_EQ(process->name, "proc_test");
  EXPECT_EQ(process->owner, getuid());
  EXPECT_NEAR(process->start_time, time(nullptr), 60);
  EXPECT_THAT(process->command_line, testing::HasSubstr("proc_test"));
}

// Its files in /proc are root's.
TEST(Proc, ProcessThatCannotBeLookedIntoKeepsItsOwner) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    // As root it becomes another user: root would not show the difference.
    const bool other = geteuid() != 0 || setresuid(kOther, kOther, kOther) == 0;
    prctl(PR_SET_DUMPABLE, 0);
    const char mark = other ? '1' : '0';
    if (write(ready[1], &mark, 1) == 1) pause();
    _exit(1);
  }
  char other = '0';
  EXPECT_EQ(read(ready[0], &other, 1), 1);
  const std::optional<ProcessInfo> process = ReadProcessFacts(child);
  SignalProcess(child, SIGKILL);
  waitpid(child, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
  EXPECT_EQ(other, '1');
  ASSERT_TRUE(process.has_value());
  EXPECT_EQ(process->owner, geteuid() == 0 ? kOther : geteuid());
}

TEST(Proc, CommandLineIsJoinedAndNameIsABaseName) {
  const pid_t child = fork();
  if (child == 0) {
    execl("/bin/sleep", "/some/where/else", "60", static_cast<char*>(nullptr));
    _exit(1);
  }
  std::optional<ProcessInfo> process;
  for (int i = 0; i < 200; ++i) {
    process = ReadProcess(child);
    if (process.has_value() && process->name == "else") break;
    usleep(10'000);
  }
  ASSERT_TRUE(process.has_value());
  EXPECT_EQ(process->name, "else");
  EXPECT_EQ(process->command_line, "/some/where/else 60");
  SignalProcess(child, SIGKILL);
  // A zombie has no arguments any more, only the kernel's name.
  usleep(100'000);
  process = ReadProcess(child);
  ASSERT_TRUE(process.has_value());
  EXPECT_EQ(process->name, "sleep");
  EXPECT_EQ(process->command_line, "sleep");
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(ReadProcess(child).has_value());
}

TEST(Proc, CommandLineIsCutAt8KiB) {
  const std::string name(10'000, 'x');
  const pid_t child = fork();
  if (child == 0) {
    execl("/bin/sleep", name.c_str(), "60", static_cast<char*>(nullptr));
    _exit(1);
  }
  std::optional<ProcessInfo> process;
  for (int i = 0; i < 200; ++i) {
    process = ReadProcess(child);
    if (process.has_value() && process->name.front() == 'x') break;
    usleep(10'000);
  }
  SignalProcess(child, SIGKILL);
  waitpid(child, nullptr, 0);
  ASSERT_TRUE(process.has_value());
  EXPECT_EQ(process->command_line, name.substr(0, 8192));
}

}  // namespace
}  // namespace toolboxd::vixd
