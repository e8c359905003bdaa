// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/record.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace toolboxd::vixd {
namespace {

Record Example() {
  Record record;
  record.pid = 4711;
  record.start_ticks = 12345678901;
  record.shim = 4710;
  record.shim_ticks = 12345678900;
  record.start_time = 1700000000;
  record.exit_code = -1;
  record.with_io = true;
  record.cut_stderr = true;
  record.name = "odd\n name";
  record.command_line = std::string("\"/bin/odd\n name\" \0 1 2\n", 23);
  return record;
}

TEST(Record, DecodesToWhatWasEncoded) {
  EXPECT_EQ(DecodeRecord(EncodeRecord(Example())), Example());
  Record ended = Example();
  ended.end_time = 1700000001;
  EXPECT_EQ(DecodeRecord(EncodeRecord(ended)), ended);
  EXPECT_TRUE(ended.ended());
}

TEST(Record, RefusesEveryTruncationAndExtraBytes) {
  const std::string text = EncodeRecord(Example());
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(DecodeRecord(text.substr(0, size)).has_value()) << size;
  }
  EXPECT_FALSE(DecodeRecord(text + "x").has_value());
}

TEST(Record, RefusesWrongLengths) {
  EXPECT_TRUE(DecodeRecord("1 2 3 4 5 6 7 8 0 0 0 1 1\nab\n").has_value());
  EXPECT_FALSE(DecodeRecord("1 2 3 4 5 6 7 8 0 0 0 18446744073709551615 1\nab\n").has_value());
  EXPECT_FALSE(DecodeRecord("1 2 3 4 5 6 7 8 0 0 0 1 18446744073709551615\nab\n").has_value());
  EXPECT_FALSE(DecodeRecord("2 2 3 4 5 6 7 8 0 0 0 1 1\nab\n").has_value());
  EXPECT_FALSE(DecodeRecord("1 1 3 4 5 6 7 8 0 0 0 1 1\nab\n").has_value());
  EXPECT_FALSE(DecodeRecord("1 -2 3 4 5 6 7 8 0 0 0 1 1\nab\n").has_value());
}

TEST(Record, WriteReplacesTheWholeFile) {
  std::string path = testing::TempDir() + "/recordsXXXXXX";
  ASSERT_NE(mkdtemp(path.data()), nullptr);
  const int dir = open(path.c_str(), O_RDONLY | O_DIRECTORY);
  Record record = Example();
  ASSERT_TRUE(WriteRecord(dir, "4711", record));
  record.exit_code = 3;
  ASSERT_TRUE(WriteRecord(dir, "4711", record));
  EXPECT_EQ(ReadRecord(dir, "4711"), record);
  EXPECT_NE(faccessat(dir, "4711.tmp", F_OK, 0), 0);
  EXPECT_FALSE(ReadRecord(dir, "1").has_value());
  close(dir);
}

TEST(Record, ReadsRegularFilesOnly) {
  std::string path = testing::TempDir() + "/recordsXXXXXX";
  ASSERT_NE(mkdtemp(path.data()), nullptr);
  const int dir = open(path.c_str(), O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(mkfifoat(dir, "1", 0600), 0);
  ASSERT_EQ(symlinkat("/etc/passwd", dir, "2"), 0);
  EXPECT_FALSE(ReadRecord(dir, "1").has_value());
  EXPECT_FALSE(ReadRecord(dir, "2").has_value());
  close(dir);
}

TEST(Record, FileBeyondTheLimitIsNotRead) {
  std::string path = testing::TempDir() + "/recordsXXXXXX";
  ASSERT_NE(mkdtemp(path.data()), nullptr);
  const int dir = open(path.c_str(), O_RDONLY | O_DIRECTORY);
  Record record = Example();
  record.command_line.clear();
  record.command_line.resize(kMaxRecordSize - EncodeRecord(record).size() - 10, 'x');
  // Its length has more digits now.
  record.command_line.resize(
      record.command_line.size() + kMaxRecordSize - EncodeRecord(record).size(), 'x');
  ASSERT_EQ(EncodeRecord(record).size(), kMaxRecordSize);
  ASSERT_TRUE(WriteRecord(dir, "4711", record));
  EXPECT_EQ(ReadRecord(dir, "4711"), record);
  record.command_line.push_back('x');
  ASSERT_TRUE(WriteRecord(dir, "4711", record));
  EXPECT_FALSE(ReadRecord(dir, "4711").has_value());
  close(dir);
}

}  // namespace
}  // namespace toolboxd::vixd
