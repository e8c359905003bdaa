// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/job.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace toolboxd::vixd {
namespace {

ShimJob Example() {
  ShimJob job;
  job.with_io = true;
  job.output_limit = int64_t{1} << 40;
  job.spool_limit = int64_t{1} << 41;
  job.name = "odd\nname";
  job.command_line = std::string("\"a\" \0 b", 7);
  job.directory = "/tmp";
  job.shell = "/bin/sh";
  job.script = "\"a\" b";
  job.environment = {"A=b", "EMPTY="};
  job.direct = {"/bin/a", "b", ""};
  job.direct_environment = {"_=/bin/a"};
  return job;
}

std::string Body(const ShimJob& job) { return EncodeJob(job).substr(sizeof(uint32_t)); }

TEST(Job, DecodesToWhatWasEncoded) {
  EXPECT_EQ(DecodeJob(Body(Example())), Example());
  EXPECT_EQ(DecodeJob(Body(ShimJob())), ShimJob());
}

TEST(Job, RefusesEveryTruncationAndExtraBytes) {
  const std::string text = Body(Example());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(DecodeJob(text.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(DecodeJob(text + '\0').has_value());
}

TEST(Job, RefusesWrongCounts) {
  std::string text = Body(ShimJob());
  // The last field is an empty list: its count.
  text.replace(text.size() - 4, 4, "\xFF\xFF\xFF\xFF");
  EXPECT_FALSE(DecodeJob(text).has_value());
}

TEST(Job, IsNotEncodedBeyondTheSizeLimit) {
  ShimJob job;
  job.script.assign(kMaxJobSize, 'x');
  EXPECT_EQ(EncodeJob(job), "");
}

TEST(Job, ReceiveReadsExactlyOneJob) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const std::string text = EncodeJob(Example()) + EncodeJob(ShimJob()) + "\xFF\xFF\xFF\xFF";
  ASSERT_EQ(write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  close(ends[1]);
  EXPECT_EQ(ReceiveJob(ends[0]), Example());
  EXPECT_EQ(ReceiveJob(ends[0]), ShimJob());
  EXPECT_FALSE(ReceiveJob(ends[0]).has_value());
  EXPECT_FALSE(ReceiveJob(ends[0]).has_value());
  close(ends[0]);
}

}  // namespace
}  // namespace toolboxd::vixd
