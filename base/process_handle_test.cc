// SPDX-License-Identifier: Apache-2.0

#include "base/process_handle.h"

#include <errno.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vector>

namespace toolboxd {
namespace {

constexpr int kPatienceMs = 30'000;

class ProcessHandleTest : public testing::TestWithParam<UniqueFd (*)(pid_t)> {
 protected:
  // A child that waits for a signal.
  ProcessHandleTest() : child_(fork()) {
    while (child_ == 0) pause();
  }
  ~ProcessHandleTest() override {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  const pid_t child_;
};

TEST_P(ProcessHandleTest, RunningProcessHasNotEnded) {
  const UniqueFd handle = GetParam()(child_);
  ASSERT_TRUE(handle.ok());
  EXPECT_FALSE(HasProcessEnded(handle.get()));
  EXPECT_FALSE(AwaitProcessEnd(handle.get(), 1));
}

TEST_P(ProcessHandleTest, SignalReachesTheProcessWhoseEndIsSeenBeforeItIsWaitedFor) {
  const UniqueFd handle = GetParam()(child_);
  ASSERT_TRUE(handle.ok());
  EXPECT_TRUE(SignalProcessOf(handle.get(), SIGTERM));
  EXPECT_TRUE(AwaitProcessEnd(handle.get(), kPatienceMs));
  int status = 0;
  EXPECT_EQ(waitpid(child_, &status, 0), child_);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  EXPECT_TRUE(HasProcessEnded(handle.get()));
}

TEST_P(ProcessHandleTest, ProcessThatHasEndedGetsNoSignal) {
  const UniqueFd handle = GetParam()(child_);
  kill(child_, SIGKILL);
  ASSERT_EQ(waitpid(child_, nullptr, 0), child_);
  EXPECT_FALSE(SignalProcessOf(handle.get(), SIGTERM));
  EXPECT_EQ(errno, ESRCH);
}

TEST_P(ProcessHandleTest, NumberWithoutAProcessHasNoHandle) {
  kill(child_, SIGKILL);
  ASSERT_EQ(waitpid(child_, nullptr, 0), child_);
  EXPECT_FALSE(GetParam()(child_).ok());
  EXPECT_EQ(errno, ESRCH);
}

TEST_P(ProcessHandleTest, ProcessIsNotTakenForEndedWhereThereIsNoFreeDescriptor) {
  const UniqueFd handle = GetParam()(child_);
  ASSERT_TRUE(handle.ok());
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none = {static_cast<rlim_t>(handle.get()) + 1, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  std::vector<UniqueFd> taken;
  while (taken.empty() || taken.back().ok()) taken.emplace_back(dup(handle.get()));
  EXPECT_FALSE(HasProcessEnded(handle.get()));
  setrlimit(RLIMIT_NOFILE, &before);
}

INSTANTIATE_TEST_SUITE_P(ByPidfd, ProcessHandleTest, testing::Values(OpenProcess));
INSTANTIATE_TEST_SUITE_P(ByFolder, ProcessHandleTest, testing::Values(OpenProcessFolder));

}  // namespace
}  // namespace toolboxd
