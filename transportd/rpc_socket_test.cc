// SPDX-License-Identifier: Apache-2.0

#include "transportd/rpc_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "daemon/testing/lingering.h"
#include "gtest/gtest.h"
#include "rpctool/protocol.h"
#include "rpctool/socket_client.h"

namespace toolboxd {
namespace {

using rpctool::AskTransportd;
using rpctool::Header;
using rpctool::Outcome;

constexpr int kPatienceMs = 10000;

class RpcSocketTest : public testing::Test {
 protected:
  void SetUp() override {
    AllowedCallers self;
    self.AllowUser(getuid());
    Serve({self, self});
  }

  void Serve(RpcCallers callers, mode_t mode = 0660) {
    socket_.reset();
    std::vector<InheritedSocket> inherited;
    ListenerOptions control;
    control.path = folder_.File("transportd.sock");
    control.mode = mode;
    absl::StatusOr<Listener> listener = RpcSocket::OpenListener(control, inherited);
    ASSERT_TRUE(listener.ok()) << listener.status();
    socket_ = std::make_unique<RpcSocket>(*std::move(listener), std::move(callers),
                                          [this](absl::string_view request) {
                                            ++sent_;
                                            return Answer()(std::string(request));
                                          });
  }
  using Host = std::function<absl::StatusOr<RpciReply>(const std::string& request)>;
  // What the host answers from now on.
  void SetAnswer(Host answer) {
    absl::MutexLock lock(&mutex_);
    answer_ = std::move(answer);
  }
  Host Answer() {
    absl::MutexLock lock(&mutex_);
    return answer_;
  }
  // From now on the host answers nothing, until `resumed_`.
  void HoldHost() {
    SetAnswer([this](const std::string& request) {
      resumed_.WaitForNotification();
      return RpciReply{true, request};
    });
  }

  // Connects a caller that need not follow the protocol.
  UniqueFd Connect() {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    UniqueFd fd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  // The size of the reply, 0 if the connection was closed.
  static ssize_t Exchange(const UniqueFd& fd, const std::string& packet) {
    EXPECT_EQ(send(fd.get(), packet.data(), packet.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(packet.size()));
    char byte;
    // An end with an unread packet is a reset.
    return std::max<ssize_t>(recv(fd.get(), &byte, 1, MSG_TRUNC), 0);
  }
  static std::string Packet(uint32_t version, const std::string& text) {
    Header header;
    header.version = version;
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) + text;
  }

  ShortTempDir folder_;
  const std::string path_ = folder_.File("rpc.sock");
  absl::Notification resumed_;
  absl::Mutex mutex_;
  Host answer_ ABSL_GUARDED_BY(mutex_) = [](const std::string& request) {
    return RpciReply{true, request};
  };
  std::atomic<int> sent_{0};
  std::unique_ptr<RpcSocket> socket_;
  rpctool::SocketReply reply_;
};

TEST_F(RpcSocketTest, RequestOfEverySizeReachesTheHostAndItsReplyTheCaller) {
  for (const size_t size : {size_t{1}, size_t{60000}, rpctool::kMaxText}) {
    std::string request(size, '\xff');
    request[size / 2] = '\0';
    ASSERT_TRUE(AskTransportd(path_.c_str(), request, kPatienceMs, reply_)) << size;
    EXPECT_EQ(reply_.outcome, Outcome::kSuccess);
    EXPECT_EQ(reply_.text, request);
  }
}

// U1 of tests/attacks/README.md. Since Linux 6.16 the kernel does not take the descriptor.
TEST_F(RpcSocketTest, CallerWhoSendsADescriptorHoldsNoOtherUp) {
  Lingering gifts[2];
  const UniqueFd request = Connect();
  gifts[0].SendWith(Packet(1, "x"), request.get());
  const UniqueFd incorrect = Connect();
  gifts[1].SendWith("x", incorrect.get());
  const absl::Time begin = absl::Now();
  ASSERT_TRUE(AskTransportd(path_.c_str(), "x", kPatienceMs, reply_));
  EXPECT_LT(absl::Now() - begin, kAtOnce);
}

TEST_F(RpcSocketTest, CallerLearnsWhatTheHostSaid) {
  SetAnswer([](const std::string&) { return RpciReply{false, "No value found"}; });
  ASSERT_TRUE(AskTransportd(path_.c_str(), "x", kPatienceMs, reply_));
  EXPECT_EQ(reply_.outcome, Outcome::kRefused);
  EXPECT_EQ(reply_.text, "No value found");
  SetAnswer([](const std::string&) { return absl::DataLossError(""); });
  ASSERT_TRUE(AskTransportd(path_.c_str(), "x", kPatienceMs, reply_));
  EXPECT_EQ(reply_.outcome, Outcome::kMalformed);
  // The caller uses a channel of its own then.
  SetAnswer([](const std::string&) { return absl::UnavailableError(""); });
  EXPECT_FALSE(AskTransportd(path_.c_str(), "x", kPatienceMs, reply_));
}

TEST_F(RpcSocketTest, LostAnswerIsReportedAsSuch) {
  SetAnswer([](const std::string&) { return absl::AbortedError(""); });
  ASSERT_TRUE(AskTransportd(path_.c_str(), "x", kPatienceMs, reply_));
  EXPECT_EQ(reply_.outcome, Outcome::kNoAnswer);
  EXPECT_EQ(sent_, 1);
}

TEST_F(RpcSocketTest, EmptyAndOverlongRequestsAreNotSent) {
  EXPECT_FALSE(AskTransportd(path_.c_str(), "", kPatienceMs, reply_));
  EXPECT_FALSE(
      AskTransportd(path_.c_str(), std::string(rpctool::kMaxText + 1, 'x'), kPatienceMs, reply_));
  EXPECT_EQ(sent_, 0);
}

TEST_F(RpcSocketTest, MalformedPacketEndsTheConnectionAndNothingElse) {
  EXPECT_EQ(Exchange(Connect(), "x"), 0);
  EXPECT_EQ(Exchange(Connect(), Packet(rpctool::kProtocolVersion, "")), 0);
  EXPECT_EQ(Exchange(Connect(), Packet(rpctool::kProtocolVersion + 1, "x")), 0);
  EXPECT_EQ(Exchange(Connect(), Packet(rpctool::kProtocolVersion, std::string(65537, 'x'))), 0);
  EXPECT_EQ(Exchange(Connect(), std::string(150000, 'x')), 0);
  EXPECT_EQ(sent_, 0);
  EXPECT_TRUE(AskTransportd(path_.c_str(), "x", kPatienceMs, reply_));
}

TEST_F(RpcSocketTest, RequestWhoseCallerHasLeftIsNotSent) {
  HoldHost();
  const UniqueFd first = Connect();
  const std::string packet = Packet(rpctool::kProtocolVersion, "first");
  ASSERT_GT(send(first.get(), packet.data(), packet.size(), 0), 0);
  ASSERT_TRUE(Eventually([this] { return sent_ == 1; }));
  // Before the socket's thread has time for it.
  EXPECT_FALSE(AskTransportd(path_.c_str(), "left", 1, reply_));
  resumed_.Notify();
  EXPECT_TRUE(AskTransportd(path_.c_str(), "stays", kPatienceMs, reply_));
  EXPECT_EQ(sent_, 2);
}

// R11 of tests/attacks/README.md: the host of a caller that goes another way gets it twice.
TEST_F(RpcSocketTest, RequestThatWasSentIsWaitedForAndGoesNoOtherWay) {
  HoldHost();
  std::thread host([this] {
    EXPECT_TRUE(Eventually([this] { return sent_ == 1; }));
    // Longer than the caller's patience.
    absl::SleepFor(absl::Seconds(2));
    resumed_.Notify();
  });
  EXPECT_TRUE(AskTransportd(path_.c_str(), "slow", 1500, reply_));
  host.join();
  EXPECT_EQ(reply_.outcome, Outcome::kSuccess);
  EXPECT_EQ(reply_.text, "slow");
  EXPECT_EQ(sent_, 1);
}

TEST_F(RpcSocketTest, SilentCallersDoNotKeepOthersOut) {
  std::vector<UniqueFd> silent;
  silent.reserve(RpcSocket::kMaxConnections);
  for (int i = 0; i < RpcSocket::kMaxConnections; ++i) silent.push_back(Connect());
  EXPECT_TRUE(AskTransportd(path_.c_str(), "x", kPatienceMs, reply_));
  EXPECT_EQ(sent_, 1);
}

TEST_F(RpcSocketTest, SilentCallersWhoMayOnlyReadTakeHalfOfThePlaces) {
  AllowedCallers self, nobody;
  self.AllowUser(getuid());
  nobody.set_root_allowed(false);
  Serve({self, nobody});
  std::vector<UniqueFd> silent;
  for (int i = 0; i < RpcSocket::kMaxConnections; ++i) silent.push_back(Connect());
  // The last one is sent away, long before its time is over.
  char byte;
  EXPECT_EQ(recv(silent.back().get(), &byte, 1, 0), 0);
  int waiting = 0;
  for (const UniqueFd& caller : silent) {
    if (recv(caller.get(), &byte, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN) ++waiting;
  }
  // Of the half, one user has half.
  EXPECT_EQ(waiting, RpcSocket::kMaxConnections / 4);
}

// W4 of tests/attacks/README.md.
TEST_F(RpcSocketTest, SilentCallersWhoMayOnlyReadLeaveAPlaceForAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  constexpr uid_t kUser = 4711;
  AllowedCallers both, nobody;
  both.AllowUser(kUser);
  nobody.set_root_allowed(false);
  ASSERT_EQ(chmod(folder_.path().c_str(), 0755), 0);
  Serve({both, nobody}, 0666);
  std::vector<UniqueFd> silent;
  std::thread([&] {
    // The kernel notes the effective user of the thread that connects.
    ASSERT_EQ(syscall(SYS_setresuid, -1, kUser, -1), 0);
    for (int i = 0; i < RpcSocket::kMaxConnections; ++i) silent.push_back(Connect());
  }).join();
  char byte;
  EXPECT_EQ(recv(silent.back().get(), &byte, 1, 0), 0);
  // Slow to send its request.
  const UniqueFd honest = Connect();
  absl::SleepFor(absl::Milliseconds(50));
  EXPECT_EQ(Exchange(honest, Packet(rpctool::kProtocolVersion, "info-get guestinfo.a")),
            static_cast<ssize_t>(sizeof(Header) + 20));
}

TEST_F(RpcSocketTest, RequestsWaitForABusyHost) {
  HoldHost();
  std::vector<UniqueFd> callers;
  for (int i = 0; i < 2 * RpcSocket::kMaxConnections; ++i) {
    callers.push_back(Connect());
    const std::string packet = Packet(rpctool::kProtocolVersion, "x");
    ASSERT_GT(send(callers.back().get(), packet.data(), packet.size(), 0), 0);
  }
  resumed_.Notify();
  for (const UniqueFd& caller : callers) {
    char byte;
    EXPECT_EQ(recv(caller.get(), &byte, 1, MSG_TRUNC), static_cast<ssize_t>(sizeof(Header) + 1));
  }
  EXPECT_EQ(sent_, 2 * RpcSocket::kMaxConnections);
}

TEST_F(RpcSocketTest, EndOfTheSocketLeavesNoCallerWaiting) {
  const UniqueFd accepted = Connect();
  const UniqueFd in_backlog = Connect();
  socket_.reset();
  char byte;
  EXPECT_LE(recv(accepted.get(), &byte, 1, 0), 0);
  EXPECT_LE(recv(in_backlog.get(), &byte, 1, 0), 0);
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
}

TEST_F(RpcSocketTest, CallerWhoIsNotAllowedGetsNothing) {
  AllowedCallers nobody;
  nobody.set_root_allowed(false);
  Serve({nobody, nobody});
  EXPECT_FALSE(AskTransportd(path_.c_str(), "x", kPatienceMs, reply_));
  EXPECT_EQ(sent_, 0);
}

TEST_F(RpcSocketTest, PacketSocketOfSystemdIsTakenAndTheOtherLeft) {
  int pair[2];
  UniqueFd packets(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  folder_.File("given.sock").copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(packets.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(packets.get(), 1), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
  UniqueFd stream(pair[0]), other(pair[1]);
  std::vector<InheritedSocket> inherited = {{stream.get(), "transportd"},
                                            {packets.get(), "transportd"}};
  const absl::StatusOr<Listener> listener = RpcSocket::OpenListener({}, inherited);
  ASSERT_TRUE(listener.ok()) << listener.status();
  EXPECT_EQ(listener->fd(), packets.release());
  ASSERT_EQ(inherited.size(), 1u);
  EXPECT_EQ(inherited[0].fd, stream.get());
}

// Over vsock transportd's requests come from a privileged port. R1 of tests/attacks/README.md.
TEST_F(RpcSocketTest, CallerWhoMayOnlyReadTakesAnotherWayForTheRest) {
  AllowedCallers self, nobody;
  self.AllowUser(getuid());
  nobody.set_root_allowed(false);
  Serve({self, nobody});
  for (const char* request : {"namespace-priv-set-keys x", "guestStore.connect", "info-set a b",
                              "info-get\tx", "log text", "info-getx", "unknown"}) {
    // As without transportd.
    EXPECT_FALSE(AskTransportd(path_.c_str(), request, kPatienceMs, reply_)) << request;
  }
  EXPECT_EQ(sent_, 0);
  EXPECT_TRUE(AskTransportd(path_.c_str(), "info-get guestinfo.x", kPatienceMs, reply_));
  EXPECT_EQ(reply_.outcome, Outcome::kSuccess);
  EXPECT_EQ(sent_, 1);
}

}  // namespace
}  // namespace toolboxd
