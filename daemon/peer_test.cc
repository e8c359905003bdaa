// SPDX-License-Identifier: Apache-2.0

#include "daemon/peer.h"

#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

Peer User(uid_t uid, gid_t gid = 5000, std::vector<gid_t> groups = {}) {
  return Peer{1, uid, gid, std::move(groups)};
}

TEST(AllowedCallers, EmptyListAdmitsOnlyRoot) {
  const AllowedCallers callers = *AllowedCallers::Parse("");
  EXPECT_TRUE(callers.Allows(User(0)));
  EXPECT_FALSE(callers.Allows(User(1)));
  EXPECT_FALSE(callers.Allows(User(1000)));
}

TEST(AllowedCallers, UsersAreAdmittedByNumberAndName) {
  const AllowedCallers callers = *AllowedCallers::Parse("1000,daemon");
  EXPECT_TRUE(callers.Allows(User(1000)));
  EXPECT_TRUE(callers.Allows(User(1)));  // Debian's daemon.
  EXPECT_TRUE(callers.Allows(User(0)));
  EXPECT_FALSE(callers.Allows(User(1001)));
}

TEST(AllowedCallers, PrimaryAndSupplementaryGroupsAreAdmitted) {
  const AllowedCallers callers = *AllowedCallers::Parse("@2000,@daemon");
  EXPECT_TRUE(callers.Allows(User(1000, 2000)));
  EXPECT_TRUE(callers.Allows(User(1000, 5000, {1, 2000})));
  EXPECT_TRUE(callers.Allows(User(1000, 1)));
  EXPECT_FALSE(callers.Allows(User(2000, 5000, {5001})));
}

TEST(AllowedCallers, UserNumberDoesNotAdmitAGroup) {
  EXPECT_FALSE(AllowedCallers::Parse("2000")->Allows(User(1000, 2000)));
}

TEST(AllowedCallers, RootCanBeLeftOut) {
  AllowedCallers callers;
  callers.AllowUser(7);
  callers.set_root_allowed(false);
  EXPECT_FALSE(callers.Allows(User(0)));
  EXPECT_TRUE(callers.Allows(User(7)));
}

TEST(AllowedCallers, UnknownAndEmptyEntriesAreErrorsThatNameThem) {
  EXPECT_EQ(AllowedCallers::Parse("nobody-of-that-name").status().message(),
            "there is no user 'nobody-of-that-name'");
  EXPECT_EQ(AllowedCallers::Parse("@nobody-of-that-name").status().message(),
            "there is no group 'nobody-of-that-name'");
  for (const char* wrong : {",", "1000,", "@", "1000,,1001", "-1", "4294967296", " "}) {
    EXPECT_EQ(AllowedCallers::Parse(wrong).status().code(), absl::StatusCode::kInvalidArgument)
        << wrong;
  }
}

TEST(PeerOf, KnowsTheProcessAtTheOtherEnd) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  UniqueFd first(ends[0]);
  UniqueFd second(ends[1]);
  absl::StatusOr<Peer> peer = PeerOf(first.get());
  ASSERT_TRUE(peer.ok()) << peer.status();
  EXPECT_EQ(peer->pid, getpid());
  EXPECT_EQ(peer->uid, getuid());
  EXPECT_EQ(peer->gid, getgid());
  EXPECT_EQ(static_cast<int>(peer->groups.size()), getgroups(0, nullptr));
  EXPECT_EQ(peer->ToString(), absl::StrCat("uid ", getuid(), ", pid ", getpid()));
}

TEST(PeerOf, OnlyConnectedUnixSocketsHaveAPeer) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  UniqueFd read_end(pipe_ends[0]);
  UniqueFd write_end(pipe_ends[1]);
  EXPECT_FALSE(PeerOf(read_end.get()).ok());
  UniqueFd unconnected(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_FALSE(PeerOf(unconnected.get()).ok());
  EXPECT_FALSE(PeerOf(-1).ok());
}

}  // namespace
}  // namespace toolboxd
