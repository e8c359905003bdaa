// SPDX-License-Identifier: Apache-2.0

#include "daemon/listener.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <utility>

#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

class ListenerTest : public testing::Test {
 protected:
  ListenerTest() { options_.path = path_; }

  sockaddr_un Address() const {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    return address;
  }
  bool Connects() const {
    const sockaddr_un address = Address();
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  // A socket without the lock, as another program's or a dead instance's.
  UniqueFd ForeignSocket(bool listening) const {
    const sockaddr_un address = Address();
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    if (listening) {
      EXPECT_EQ(listen(fd.get(), 1), 0);
    }
    return fd;
  }
  struct stat Info() const {
    struct stat info = {};
    EXPECT_EQ(lstat(path_.c_str(), &info), 0);
    return info;
  }

  ShortTempDir dir_;
  const std::string path_ = dir_.File("s");
  ListenerOptions options_;
};

TEST_F(ListenerTest, BindsWithItsModeAndCleansUp) {
  options_.mode = 0640;
  {
    absl::StatusOr<Listener> listener = Listener::Bind(options_);
    ASSERT_TRUE(listener.ok()) << listener.status();
    EXPECT_FALSE(listener->inherited());
    EXPECT_EQ(Info().st_mode, S_IFSOCK | 0640u);
    EXPECT_TRUE(Connects());
    // Moving moves the duty to clean up.
    Listener moved = *std::move(listener);
    EXPECT_TRUE(Connects());
  }
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
}

TEST_F(ListenerTest, DeadInstanceLosesItsSocket) {
  ForeignSocket(true).reset();
  ASSERT_EQ(access(path_.c_str(), F_OK), 0);
  absl::StatusOr<Listener> listener = Listener::Bind(options_);
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_TRUE(Connects());
}

TEST_F(ListenerTest, LiveInstanceKeepsItsSocket) {
  {
    UniqueFd foreign = ForeignSocket(true);
    EXPECT_EQ(Listener::Bind(options_).status().code(), absl::StatusCode::kAlreadyExists);
    EXPECT_TRUE(Connects());
  }
  unlink(path_.c_str());
  absl::StatusOr<Listener> first = Listener::Bind(options_);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(Listener::Bind(options_).status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(Connects());
}

TEST_F(ListenerTest, LockAloneRefusesASecondInstance) {
  absl::StatusOr<Listener> first = Listener::Bind(options_);
  ASSERT_TRUE(first.ok());
  unlink(path_.c_str());
  EXPECT_EQ(Listener::Bind(options_).status().code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(ListenerTest, FileIsNeverReplaced) {
  std::ofstream(path_) << "precious";
  const absl::Status status = Listener::Bind(options_).status();
  EXPECT_EQ(status.message(), path_ + " exists and is not a socket");
  EXPECT_EQ(Info().st_size, 8);
}

TEST_F(ListenerTest, ImpossiblePathsAndGroupsAreErrors) {
  for (const std::string& path : {std::string(), std::string("relative"),
                                  "/" + std::string(107, 'x'), dir_.File("no/such/folder")}) {
    options_.path = path;
    EXPECT_FALSE(Listener::Bind(options_).ok()) << path;
  }
  options_.path = path_;
  options_.group = "nobody-of-that-name";
  EXPECT_EQ(Listener::Bind(options_).status().message(), "there is no group 'nobody-of-that-name'");
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
}

TEST_F(ListenerTest, InheritsListeningStreamSocketsOnly) {
  absl::StatusOr<Listener> listener = Listener::Inherit(ForeignSocket(true).release());
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_TRUE(listener->inherited());
  EXPECT_TRUE(Connects());
  unlink(path_.c_str());

  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  UniqueFd other_end(ends[1]);
  const int wrong[] = {ForeignSocket(false).release(), ends[0], socket(AF_UNIX, SOCK_DGRAM, 0),
                       dup(STDERR_FILENO)};
  for (int fd : wrong) {
    EXPECT_EQ(Listener::Inherit(fd).status().code(), absl::StatusCode::kInvalidArgument) << fd;
  }
  EXPECT_FALSE(Listener::Inherit(-1).ok());
}

TEST_F(ListenerTest, InheritedPathIsLeftToSystemd) {
  Listener::Inherit(ForeignSocket(true).release()).value();
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
}

}  // namespace
}  // namespace toolboxd
