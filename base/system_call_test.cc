// SPDX-License-Identifier: Apache-2.0

#include "base/system_call.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(SystemCall, ResultAndErrorComeAsTheKernelHasThem) {
  errno = 0;
  EXPECT_EQ(SystemCall(SYS_getpid), getpid());
  EXPECT_EQ(SystemCall(SYS_close, -1), -EBADF);
  EXPECT_EQ(errno, 0);
}

TEST(SystemCall, EachArgumentHasItsPlace) {
  int pipe_ends[2];
  ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
  const UniqueFd from(pipe_ends[0]), to(pipe_ends[1]);
  ASSERT_EQ(SystemCall(SYS_write, to.get(), Address("abcdef"), 6), 6);
  // splice has six: the fifth is how much, and the file is written from the fourth's place on.
  const UniqueFd file(memfd_create("test", MFD_CLOEXEC));
  long offset = 2;
  ASSERT_EQ(SystemCall(SYS_splice, from.get(), 0, file.get(), Address(&offset), 3), 3);
  EXPECT_EQ(offset, 5);
  char text[8] = {};
  EXPECT_EQ(pread(file.get(), text, sizeof text, 2), 3);
  EXPECT_STREQ(text, "abc");
}

TEST(SystemCall, PollWaitsNoLongerThanItMay) {
  int pipe_ends[2];
  ASSERT_EQ(pipe2(pipe_ends, O_CLOEXEC), 0);
  const UniqueFd from(pipe_ends[0]), to(pipe_ends[1]);
  pollfd item = {from.get(), POLLIN, 0};
  EXPECT_EQ(PollOne(item, 0), 0);
  EXPECT_EQ(PollOne(item, 1), 0);
  ASSERT_EQ(write(to.get(), "x", 1), 1);
  EXPECT_EQ(PollOne(item, -1), 1);
  EXPECT_EQ(item.revents, POLLIN);
  EXPECT_EQ(PollOne(item, 60'000), 1);
}

}  // namespace
}  // namespace toolboxd
