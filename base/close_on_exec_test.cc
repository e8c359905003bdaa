// SPDX-License-Identifier: Apache-2.0

#include "base/close_on_exec.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "base/unique_fd.h"

namespace toolboxd {
namespace {

bool ClosesOnExec(int fd) { return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }

class CloseOnExecTest : public testing::TestWithParam<bool (*)(int)> {};

TEST_P(CloseOnExecTest, DescriptorsFromTheFirstOnAreMarkedAndOthersAreNot) {
  std::vector<UniqueFd> files;
  for (int i = 0; i < 3; ++i) files.emplace_back(open("/dev/null", O_RDONLY));
  ASSERT_LT(files[0].get(), files[1].get());
  ASSERT_LT(files[1].get(), files[2].get());

  EXPECT_TRUE(GetParam()(files[1].get()));

  EXPECT_FALSE(ClosesOnExec(files[0].get()));
  EXPECT_TRUE(ClosesOnExec(files[1].get()));
  EXPECT_TRUE(ClosesOnExec(files[2].get()));
}

TEST_P(CloseOnExecTest, MoreDescriptorsThanOneReadOfTheFolderHasAreMarked) {
  std::vector<UniqueFd> files;
  for (int i = 0; i < 400; ++i) files.emplace_back(open("/dev/null", O_RDONLY));
  ASSERT_TRUE(files.back().ok());

  EXPECT_TRUE(GetParam()(files[0].get()));

  int marked = 0;
  for (const UniqueFd& file : files) marked += ClosesOnExec(file.get()) ? 1 : 0;
  EXPECT_EQ(marked, 400);
}

INSTANTIATE_TEST_SUITE_P(ByTheCall, CloseOnExecTest, testing::Values(CloseOnExecFrom));
INSTANTIATE_TEST_SUITE_P(ByProc, CloseOnExecTest, testing::Values(CloseOnExecFromByProc));

}  // namespace
}  // namespace toolboxd
