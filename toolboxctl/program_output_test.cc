// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/program_output.h"

#include <signal.h>
#include <stdlib.h>

#include "absl/strings/match.h"
#include "base/testing/eventually.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

std::vector<std::string> Shell(const std::string& command) { return {"/bin/sh", "-c", command}; }

std::vector<std::string> LinesOf(const std::string& command) {
  std::vector<std::string> lines;
  const absl::Status status = ReadLines(
      Shell(command), [&lines](absl::string_view line) { lines.push_back(std::string(line)); });
  EXPECT_TRUE(status.ok()) << status;
  return lines;
}

TEST(ProgramOutput, LinesComeOneByOne) {
  EXPECT_EQ(LinesOf("echo a; echo; printf b"), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_TRUE(LinesOf("true").empty());
}

TEST(ProgramOutput, LongLineIsCut) {
  const std::vector<std::string> lines = LinesOf("head -c 200000 /dev/zero; echo; echo next");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].size(), size_t{64} << 10);
  EXPECT_EQ(lines[1], "next");
}

TEST(ProgramOutput, FailureAndMissingProgramAreErrors) {
  EXPECT_TRUE(absl::StrContains(ReadLines(Shell("exit 3"), [](absl::string_view) {}).message(),
                                "status 3"));
  EXPECT_TRUE(absl::IsNotFound(ReadLines({"no-such-program"}, [](absl::string_view) {})));
  EXPECT_TRUE(absl::IsNotFound(OutputOf({"no-such-program"}, 10).status()));
}

TEST(ProgramOutput, BothStreamsAreReadUpToALimit) {
  EXPECT_EQ(*OutputOf(Shell("echo out; echo err >&2; exit 5"), 100), "out\nerr\n");
  EXPECT_EQ(*OutputOf(Shell("yes"), 5), "y\ny\ny");
}

TEST(ProgramOutput, ProgramThatDoesNotEndIsEndedAfterItsTime) {
  // With what it has started, whatever signals it ignores.
  const std::string text =
      *OutputOf(Shell("trap '' TERM HUP PIPE; echo $$; sleep 1000 & sleep 1000"), 100,
                absl::Milliseconds(300));
  const int group = atoi(text.c_str());
  ASSERT_GT(group, 1);
  EXPECT_TRUE(Eventually([group] { return kill(-group, 0) != 0; }));
}

}  // namespace
}  // namespace toolboxd
