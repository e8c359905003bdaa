// SPDX-License-Identifier: Apache-2.0

#include "base/stream_path.h"

#include <string>

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(StreamPath, StandardStreamsOfEveryProcessIdAreAccepted) {
  const struct {
    absl::string_view path;
    pid_t pid;
    StandardStream stream;
  } kCases[] = {
      {"/proc/1/stdin", 1, StandardStream::kStdin},
      {"/proc/32769/stdout", 32769, StandardStream::kStdout},
      {"/proc/4194305/stderr", 4194305, StandardStream::kStderr},
      {"/proc/2147483647/stdin", 2147483647, StandardStream::kStdin},
  };
  for (const auto& item : kCases) {
    const std::optional<StreamPath> parsed = ParseStreamPath(item.path);
    ASSERT_TRUE(parsed.has_value()) << item.path;
    EXPECT_EQ(parsed->pid, item.pid) << item.path;
    EXPECT_EQ(parsed->stream, item.stream) << item.path;
  }
}

TEST(StreamPath, ProcessIdsThatTheKernelDoesNotWriteAreRefused) {
  for (const absl::string_view id : {"",
                                     "0",
                                     "00",
                                     "01",
                                     "0004194305",
                                     "-1",
                                     "+1",
                                     " 1",
                                     "1 ",
                                     "\t1",
                                     "1\n",
                                     "0x1",
                                     "1e1",
                                     "1.",
                                     "self",
                                     "thread-self",
                                     "2147483648",
                                     "4294967297",
                                     "99999999999999999999",
                                     "\xd9\xa1"}) {
    EXPECT_FALSE(ParseStreamPath("/proc/" + std::string(id) + "/stdin").has_value()) << id;
  }
  EXPECT_FALSE(ParseStreamPath(absl::string_view("/proc/1\0/stdin", 14)).has_value());
}

TEST(StreamPath, OtherPathsAreRefused) {
  for (const absl::string_view path :
       {"", "/", "/proc", "/proc/1", "/proc/1/", "/proc/1/status", "/proc/1/STDIN",
        "/proc/1/stdin ", "/proc/1/stdin/", "/proc/1/stdin/x", "/proc//1/stdin", "//proc/1/stdin",
        "proc/1/stdin", " /proc/1/stdin", "/x/proc/1/stdin", "/Proc/1/stdin", "/proc/./1/stdin",
        "/proc/1/stdin?x"}) {
    EXPECT_FALSE(ParseStreamPath(path).has_value()) << path;
  }
  EXPECT_FALSE(ParseStreamPath(absl::string_view("/proc/1/stdin\0", 14)).has_value());
}

}  // namespace
}  // namespace toolboxd
