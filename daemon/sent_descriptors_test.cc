// SPDX-License-Identifier: Apache-2.0

#include "daemon/sent_descriptors.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "absl/time/clock.h"
#include "base/testing/short_temp_dir.h"
#include "base/unique_fd.h"
#include "daemon/testing/lingering.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

struct Pair {
  explicit Pair(int type = SOCK_STREAM) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
    ours = UniqueFd(ends[0]);
    theirs = UniqueFd(ends[1]);
  }
  UniqueFd ours;
  UniqueFd theirs;
};

class SentDescriptorsTest : public testing::TestWithParam<int> {
 protected:
  SentDescriptorsTest() { LimitSentDescriptors(); }

  absl::Duration Took() const { return absl::Now() - begin_; }
  void Begin() { begin_ = absl::Now(); }

 private:
  absl::Time begin_ = absl::Now();
};

TEST_P(SentDescriptorsTest, ReceiverDoesNotWaitForTheirEndAndEndsTheConnection) {
  Lingering gift;
  Pair pair(GetParam());
  ASSERT_TRUE(gift.SendWith("x", pair.theirs.get()));
  Begin();
  char byte;
  EXPECT_EQ(ReceiveBytes(pair.ours.get(), &byte, 1), -1);
  EXPECT_EQ(errno, ECONNRESET);
  EXPECT_LT(Took(), kAtOnce);
}

TEST_P(SentDescriptorsTest, WhoeverClosesTheConnectionDoesNotWaitForTheirEnd) {
  Lingering gift;
  Pair pair(GetParam());
  ASSERT_TRUE(gift.SendWith("x", pair.theirs.get()));
  Begin();
  pair.ours.reset();
  EXPECT_LT(Took(), kAtOnce);
}

TEST_P(SentDescriptorsTest, ManyDescriptorsTakeNoLonger) {
  Lingering gifts[8];
  Pair pair(GetParam());
  for (Lingering& gift : gifts) ASSERT_TRUE(gift.SendWith("x", pair.theirs.get()));
  Begin();
  pair.ours.reset();
  EXPECT_LT(Took(), kAtOnce);
}

TEST_P(SentDescriptorsTest, BytesWithoutDescriptorsAreReceived) {
  Pair pair(GetParam());
  ASSERT_EQ(send(pair.theirs.get(), "abc", 3, 0), 3);
  char bytes[8];
  EXPECT_EQ(ReceiveBytes(pair.ours.get(), bytes, sizeof bytes), 3);
  EXPECT_EQ(ReceiveBytes(pair.ours.get(), bytes, sizeof bytes), -1);
  EXPECT_EQ(errno, EAGAIN);
  pair.theirs.reset();
  EXPECT_EQ(ReceiveBytes(pair.ours.get(), bytes, sizeof bytes), 0);
}

// SO_PASSRIGHTS of Linux 6.16.
bool KernelCanRefuse(int socket) {
  const int passes = 0;
  return setsockopt(socket, SOL_SOCKET, 83, &passes, sizeof passes) == 0;
}

TEST_P(SentDescriptorsTest, RefusedWhereTheKernelCan) {
  Pair pair(GetParam());
  if (!KernelCanRefuse(pair.ours.get())) {
    GTEST_SKIP() << "Linux before 6.16 cannot refuse descriptors; the tests above hold there";
  }
  Pair other(GetParam());
  RefuseSentDescriptors(other.ours.get());
  EXPECT_FALSE(Lingering().SendWith("x", other.theirs.get()));
}

// As gRPC's to an extension. Before anything could be sent to it.
TEST_P(SentDescriptorsTest, RefusedByEverySocketThatIsMadeToCall) {
  Pair pair(GetParam());
  if (!KernelCanRefuse(pair.ours.get())) {
    GTEST_SKIP() << "Linux before 6.16 cannot refuse them, and nothing else does: SECURITY.md";
  }
  ShortTempDir folder;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = folder.File("socket");
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const auto* const to = reinterpret_cast<const sockaddr*>(&address);
  const UniqueFd listener(socket(AF_UNIX, GetParam() | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(listener.get(), to, sizeof address), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  const UniqueFd ours(socket(AF_UNIX, GetParam() | SOCK_CLOEXEC, 0));
  ASSERT_EQ(connect(ours.get(), to, sizeof address), 0);
  const UniqueFd theirs(accept(listener.get(), nullptr, nullptr));
  EXPECT_FALSE(Lingering().SendWith("x", theirs.get()));
}

INSTANTIATE_TEST_SUITE_P(Kinds, SentDescriptorsTest, testing::Values(SOCK_STREAM, SOCK_SEQPACKET));

}  // namespace
}  // namespace toolboxd
