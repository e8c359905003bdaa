// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/feed.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

namespace toolboxd::vixd {
namespace {

class FeedTest : public testing::Test {
 protected:
  FeedTest() {
    signal(SIGPIPE, SIG_IGN);
    int ends[2];
    EXPECT_EQ(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    program_ = ends[0];
    pipe_ = ends[1];
    std::string path = testing::TempDir() + "/feedXXXXXX";
    file_ = mkstemp(path.data());
    writer_ = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  }
  ~FeedTest() override {
    if (program_ >= 0) close(program_);
    close(writer_);
  }

  void Append(const std::string& text) {
    ASSERT_EQ(write(writer_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  // What the program can read now; "END" at the end.
  std::string Read() {
    std::string text(1 << 20, '\0');
    const ssize_t got = read(program_, text.data(), text.size());
    if (got == 0) return "END";
    text.resize(got > 0 ? got : 0);
    return text;
  }
  struct stat Info() {
    struct stat info;
    EXPECT_EQ(fstat(writer_, &info), 0);
    return info;
  }

  int program_;
  int pipe_;
  int file_;
  int writer_;
};

TEST_F(FeedTest, MovesWhatTheFileHoldsAndEndsAfterCommit) {
  Feed feed(file_, pipe_);
  feed.Move();
  EXPECT_EQ(Read(), "");
  Append("one ");
  feed.Move();
  EXPECT_FALSE(feed.waiting());
  Append("two");
  EXPECT_EQ(Read(), "one ");
  feed.Commit();
  EXPECT_EQ(Read(), "two");
  EXPECT_EQ(Read(), "END");
  EXPECT_EQ(feed.pipe(), -1);
}

TEST_F(FeedTest, KeepsWhatThePipeDoesNotTake) {
  Feed feed(file_, pipe_);
  std::string all(300'000, '\0');
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i / 256 + i * 7);
  Append(all);
  feed.Commit();
  EXPECT_TRUE(feed.waiting());
  std::string seen;
  for (std::string part = Read(); part != "END"; part = Read()) {
    ASSERT_FALSE(part.empty());
    seen += part;
    feed.Move();
  }
  EXPECT_EQ(seen, all);
}

TEST_F(FeedTest, ReleasesTheSpaceOfWhatWasMoved) {
  Feed feed(file_, pipe_);
  for (int i = 0; i < 100; ++i) {
    Append(std::string(50'000, 'x'));
    feed.Move();
    EXPECT_EQ(Read().size(), 50'000u);
  }
  EXPECT_EQ(Info().st_size, 5'000'000);
  EXPECT_LE(Info().st_blocks * 512, 100'000);
}

TEST_F(FeedTest, FileWithoutPermissionsMeansTheProgramNoLongerReads) {
  Feed feed(file_, pipe_);
  EXPECT_EQ(Info().st_mode & 0777, 0600u);
  close(program_);
  program_ = -1;
  Append("not read");
  feed.Move();
  EXPECT_EQ(feed.pipe(), -1);
  EXPECT_EQ(Info().st_mode & 0777, 0u);
  EXPECT_EQ(Info().st_size, 0);
  feed.Commit();
}

}  // namespace
}  // namespace toolboxd::vixd
