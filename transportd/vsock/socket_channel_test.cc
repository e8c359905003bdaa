// SPDX-License-Identifier: Apache-2.0

#include "transportd/vsock/socket_channel.h"

#include <fcntl.h>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "transportd/vsock/data_map.h"
#include "transportd/vsock/testing/socketpair_system.h"

namespace toolboxd::vsock {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Data(absl::string_view payload) {
  return EncodePacket({Packet::Type::kData, payload, false});
}
const char kPing[] = "\0\0\0\x10\0\0\0\x01\0\0\0\x01\0\0\0\x02\0\0\0\0";
std::string Ping() { return std::string(kPing, sizeof kPing - 1); }

class SocketChannelTest : public ::testing::Test {
 protected:
  // A host that answers each request with it.
  void Answer() {
    system_.on_wait = [this] {
      const std::string packet = system_.HostReads();
      if (packet.empty()) return;
      const auto request = DecodePacket(absl::string_view(packet).substr(kLengthSize));
      system_.HostSends(Data("1 " + std::string(request->payload)));
    };
  }

  SocketpairSystem system_;
  SocketChannel rpci_{&system_, Protocol::kRpci};
  SocketChannel tclo_{&system_, Protocol::kTclo};
};

TEST_F(SocketChannelTest, RequestAndAnswerArePackets) {
  ASSERT_TRUE(rpci_.Open().ok());
  ASSERT_TRUE(rpci_.Send("info-get guestinfo.foo").ok());
  EXPECT_EQ(system_.HostReads(), Data("info-get guestinfo.foo"));
  system_.HostSends(Data("1 bar"));
  EXPECT_EQ(rpci_.Receive().value(), "1 bar");
  EXPECT_THAT(system_.connected, ElementsAre(976));
  EXPECT_EQ(rpci_.Describe(), "vsock");
}

TEST_F(SocketChannelTest, NoProgramInheritsTheSocket) {
  ASSERT_TRUE(rpci_.Open().ok());
  EXPECT_TRUE(fcntl(system_.guest(), F_GETFD) & FD_CLOEXEC);
  rpci_.Close();
  EXPECT_EQ(system_.open_sockets(), 0);
}

TEST_F(SocketChannelTest, RpciTakesTheHighestFreePrivilegedPort) {
  system_.bind_results = {-EADDRINUSE, -EADDRINUSE};
  ASSERT_TRUE(rpci_.Open().ok());
  EXPECT_THAT(system_.bound, ElementsAre(1023, 1022, 1021));
  EXPECT_TRUE(rpci_.privileged());
}

// As by a container with CAP_NET_BIND_SERVICE: a channel without privilege is better than none.
TEST_F(SocketChannelTest, WithoutAFreePrivilegedPortTheChannelIsNotPrivileged) {
  system_.bind_results.assign(1023, -EADDRINUSE);
  ASSERT_TRUE(rpci_.Open().ok());
  EXPECT_EQ(system_.bound.size(), 1023u);
  EXPECT_EQ(system_.bound.back(), 1u);
  EXPECT_EQ(rpci_.Describe(), "vsock, not privileged");
  EXPECT_EQ(system_.connected.size(), 1u);
}

TEST_F(SocketChannelTest, WithoutTheCapabilityTheChannelIsNotPrivileged) {
  system_.bind_results = {-EACCES};
  ASSERT_TRUE(rpci_.Open().ok());
  EXPECT_FALSE(rpci_.privileged());
  EXPECT_EQ(rpci_.Describe(), "vsock, not privileged");
}

TEST_F(SocketChannelTest, TcloBindsNoPort) {
  ASSERT_TRUE(tclo_.Open().ok());
  EXPECT_TRUE(system_.bound.empty());
  EXPECT_THAT(system_.connected, ElementsAre(975));
}

TEST_F(SocketChannelTest, ConnectThatIsResetIsTriedFromTheNextPortEightTimes) {
  system_.connect_results = {-ECONNRESET, -ECONNRESET};
  ASSERT_TRUE(rpci_.Open().ok());
  EXPECT_THAT(system_.bound, ElementsAre(1023, 1022, 1021));
  system_.connect_results.assign(20, -ECONNRESET);
  const absl::Status refused = rpci_.Open();
  EXPECT_TRUE(absl::IsUnavailable(refused));
  EXPECT_THAT(refused.message(), HasSubstr("RPCI (port 976): Connection reset by peer"));
  EXPECT_EQ(system_.connected.size(), 3u + SocketChannel::kMaxResets);
  EXPECT_EQ(system_.open_sockets(), 0);
}

TEST_F(SocketChannelTest, TcloThatIsRefusedIsNotTriedAgain) {
  system_.connect_results = {-ECONNRESET};
  EXPECT_TRUE(absl::IsUnavailable(tclo_.Open()));
  EXPECT_EQ(system_.connected.size(), 1u);
}

TEST_F(SocketChannelTest, InterruptedConnectIsRepeatedFromTheSamePort) {
  system_.connect_results = {-EINTR, -EINTR};
  ASSERT_TRUE(rpci_.Open().ok());
  EXPECT_THAT(system_.bound, ElementsAre(1023, 1023, 1023));
}

TEST_F(SocketChannelTest, MissingBuffersAreWaitedForFiveTimes) {
  system_.connect_results.assign(5, -ENOBUFS);
  const absl::Time begin = system_.now;
  ASSERT_TRUE(rpci_.Open().ok());
  EXPECT_EQ(system_.now - begin, absl::Milliseconds(5));
  system_.connect_results.assign(20, -ENOBUFS);
  EXPECT_TRUE(absl::IsUnavailable(rpci_.Open()));
  EXPECT_EQ(system_.connected.size(), 6u + 6u);
}

TEST_F(SocketChannelTest, MachineWithoutVsockIsNamed) {
  system_.socket_results = {-EAFNOSUPPORT};
  EXPECT_THAT(tclo_.Open().message(), HasSubstr("this machine has no vsock"));
  system_.connect_results = {-ENODEV};
  EXPECT_THAT(tclo_.Open().message(), HasSubstr("this machine has no vsock"));
  EXPECT_EQ(system_.open_sockets(), 0);
}

TEST_F(SocketChannelTest, HostThatDoesNotDecideIsWaitedForHalfASecond) {
  system_.undecided = true;
  const absl::Time begin = system_.now;
  EXPECT_TRUE(absl::IsDeadlineExceeded(tclo_.Open()));
  EXPECT_EQ(system_.now - begin, absl::Milliseconds(500));
  EXPECT_EQ(system_.open_sockets(), 0);
}

TEST_F(SocketChannelTest, OpeningCanBeContinuedWithoutWaiting) {
  system_.undecided = true;
  const absl::Time begin = system_.now;
  EXPECT_FALSE(tclo_.TryOpen().value());
  EXPECT_FALSE(tclo_.TryOpen().value());
  EXPECT_FALSE(tclo_.is_open());
  system_.undecided = false;
  EXPECT_TRUE(tclo_.TryOpen().value());
  EXPECT_TRUE(tclo_.is_open());
  EXPECT_EQ(system_.now, begin);
  EXPECT_EQ(system_.connected.size(), 1u);
}

TEST_F(SocketChannelTest, HostPushesAndNothingWaits) {
  ASSERT_TRUE(tclo_.Open().ok());
  const absl::Time begin = system_.now;
  EXPECT_EQ(tclo_.Receive().value(), "");
  system_.HostSends(Data("reset"));
  EXPECT_EQ(tclo_.arrival().fd, system_.guest());
  EXPECT_EQ(tclo_.Receive().value(), "reset");
  ASSERT_TRUE(tclo_.Send("OK ATR toolbox").ok());
  EXPECT_EQ(system_.HostReads(), Data("OK ATR toolbox"));
  EXPECT_EQ(system_.now, begin);
}

TEST_F(SocketChannelTest, HeartbeatBeginsWithTheFirstReply) {
  ASSERT_TRUE(tclo_.Open().ok());
  system_.now += absl::Seconds(2);
  ASSERT_TRUE(tclo_.Send("").ok());
  EXPECT_EQ(system_.HostReads(), "");
  system_.HostSends(Data("reset"));
  ASSERT_TRUE(tclo_.Receive().ok());
  ASSERT_TRUE(tclo_.Send("OK ATR toolbox").ok());
  system_.HostReads();
  EXPECT_EQ(tclo_.arrival().by, system_.now + absl::Seconds(1));
  for (int second = 0; second < 3; ++second) {
    system_.now += absl::Milliseconds(999);
    ASSERT_TRUE(tclo_.Send("").ok());
    EXPECT_EQ(system_.HostReads(), "");
    system_.now += absl::Milliseconds(1);
    ASSERT_TRUE(tclo_.Send("").ok());
    EXPECT_EQ(system_.HostReads(), Ping());
  }
}

TEST_F(SocketChannelTest, PacketThatComesByteByByteIsOneMessage) {
  ASSERT_TRUE(tclo_.Open().ok());
  const std::string packet = Data("ping");
  for (size_t i = 0; i < packet.size(); ++i) {
    EXPECT_EQ(tclo_.Receive().value(), "");
    system_.HostSends(packet.substr(i, 1));
  }
  EXPECT_EQ(tclo_.Receive().value(), "ping");
}

TEST_F(SocketChannelTest, PacketsThatComeTogetherAreTakenOneByOne) {
  ASSERT_TRUE(tclo_.Open().ok());
  system_.HostSends(Data("a") + Ping() + Data("b") + Data("c").substr(0, 9));
  EXPECT_EQ(tclo_.Receive().value(), "a");
  // No event of the descriptor announces what has been read already.
  EXPECT_EQ(tclo_.arrival().by, absl::InfinitePast());
  EXPECT_EQ(tclo_.Receive().value(), "");
  EXPECT_EQ(tclo_.arrival().by, absl::InfinitePast());
  EXPECT_EQ(tclo_.Receive().value(), "b");
  EXPECT_EQ(tclo_.Receive().value(), "");
  system_.HostSends(Data("c").substr(9));
  EXPECT_EQ(tclo_.Receive().value(), "c");
}

TEST_F(SocketChannelTest, HalfAPacketIsWaitedForTwoSeconds) {
  ASSERT_TRUE(tclo_.Open().ok());
  system_.HostSends(Data("ping").substr(0, 20));
  EXPECT_EQ(tclo_.Receive().value(), "");
  EXPECT_EQ(tclo_.arrival().by, system_.now + absl::Seconds(2));
  system_.now += absl::Seconds(2);
  EXPECT_TRUE(absl::IsDataLoss(tclo_.Receive().status()));
}

TEST_F(SocketChannelTest, HostThatSendsNothingAtFirstIsNotWaitedForForever) {
  ASSERT_TRUE(tclo_.Open().ok());
  EXPECT_EQ(tclo_.arrival().by, system_.now + absl::Seconds(3));
  system_.now += absl::Seconds(3);
  EXPECT_TRUE(absl::IsDeadlineExceeded(tclo_.Receive().status()));
}

TEST_F(SocketChannelTest, AnswerIsWaitedForTwoSeconds) {
  ASSERT_TRUE(rpci_.Open().ok());
  ASSERT_TRUE(rpci_.Send("log a").ok());
  const absl::Time begin = system_.now;
  EXPECT_TRUE(absl::IsDeadlineExceeded(rpci_.Receive().status()));
  EXPECT_EQ(system_.now - begin, absl::Seconds(2));
}

// R2 of tests/attacks/README.md.
TEST_F(SocketChannelTest, PingsWithoutAnEndTakeNoMoreTimeThanAnAnswer) {
  ASSERT_TRUE(rpci_.Open().ok());
  ASSERT_TRUE(rpci_.Send("log a").ok());
  const absl::Time begin = system_.now;
  int pings = 0;
  system_.on_receive = [&] {
    if (++pings < 1000) system_.HostSends(Ping());
    system_.now += absl::Milliseconds(10);
  };
  EXPECT_TRUE(absl::IsDeadlineExceeded(rpci_.Receive().status()));
  EXPECT_LE(system_.now - begin, SocketChannel::kPacketPatience + absl::Milliseconds(10));
}

TEST_F(SocketChannelTest, PingsWithoutAnEndLeaveTimeForOtherWork) {
  ASSERT_TRUE(tclo_.Open().ok());
  int pings = 0;
  system_.on_receive = [&] {
    if (++pings < 1000) system_.HostSends(Ping());
  };
  EXPECT_EQ(tclo_.Receive().value(), "");
  EXPECT_EQ(pings, 1);
}

TEST_F(SocketChannelTest, HostThatTakesBytesNowAndThenIsAnErrorAfterTwoSeconds) {
  ASSERT_TRUE(rpci_.Open().ok());
  const int small = 4096;
  setsockopt(system_.guest(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  const absl::Time begin = system_.now;
  system_.on_wait = [&] {
    system_.now += absl::Seconds(1);
    system_.HostReads();
  };
  EXPECT_TRUE(absl::IsUnavailable(rpci_.Send(std::string(60000, 'x'))));
  EXPECT_EQ(system_.now - begin, absl::Seconds(2));
}

TEST_F(SocketChannelTest, MalformedPacketIsAnErrorWhateverItsKind) {
  const std::string kCases[] = {
      std::string("\xff\xff\xff\xff", 4),
      std::string("\0\x01\0\x2d", 4),
      std::string("\0\0\0\0", 4),
      std::string("\0\0\0\x04", 4) + "junk",
      EncodePacket({static_cast<Packet::Type>(9), "x", false}),
  };
  for (const std::string& bytes : kCases) {
    ASSERT_TRUE(rpci_.Open().ok());
    ASSERT_TRUE(rpci_.Send("log a").ok());
    system_.HostSends(bytes);
    EXPECT_TRUE(absl::IsDataLoss(rpci_.Receive().status())) << absl::CHexEscape(bytes);
    ASSERT_TRUE(tclo_.Open().ok());
    system_.HostSends(bytes);
    EXPECT_TRUE(absl::IsDataLoss(tclo_.Receive().status())) << absl::CHexEscape(bytes);
  }
}

TEST_F(SocketChannelTest, HostThatLeavesIsNoticed) {
  ASSERT_TRUE(tclo_.Open().ok());
  system_.HostLeaves();
  EXPECT_TRUE(absl::IsUnavailable(tclo_.Receive().status()));
  ASSERT_TRUE(tclo_.Open().ok());
  system_.HostSends(Data("ping").substr(0, 7));
  system_.HostLeaves();
  EXPECT_TRUE(absl::IsDataLoss(tclo_.Receive().status()));
}

TEST_F(SocketChannelTest, RequestIsNotSentToAHostThatHasLeft) {
  ASSERT_TRUE(rpci_.Open().ok());
  system_.HostLeaves();
  const absl::Status status = rpci_.Send("log a");
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(status.message(), HasSubstr("closed"));
}

TEST_F(SocketChannelTest, AnswerThatCameLateIsNotTakenForTheNextRequests) {
  ASSERT_TRUE(rpci_.Open().ok());
  system_.HostSends(Data("1 to an earlier request"));
  EXPECT_TRUE(absl::IsUnavailable(rpci_.Send("log a")));
  EXPECT_EQ(system_.HostReads(), "");
}

TEST_F(SocketChannelTest, LongestMessagePassesAndALongerOneLeavesTheChannelOpen) {
  Answer();
  ASSERT_TRUE(rpci_.Open().ok());
  EXPECT_TRUE(absl::IsInvalidArgument(rpci_.Send(std::string(kMaxPayload + 1, 'x'))));
  const std::string longest(kMaxPayload - 2, 'x');
  ASSERT_TRUE(rpci_.Send(longest).ok());
  EXPECT_EQ(rpci_.Receive().value(), "1 " + longest);
  EXPECT_EQ(system_.connected.size(), 1u);
}

TEST_F(SocketChannelTest, HostThatTakesBytesSlowlyGetsTheWholeMessage) {
  ASSERT_TRUE(rpci_.Open().ok());
  const int small = 4096;
  setsockopt(system_.guest(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  std::string got;
  system_.on_wait = [&] { got += system_.HostReads(); };
  const std::string request(60000, 'x');
  ASSERT_TRUE(rpci_.Send(request).ok());
  got += system_.HostReads();
  EXPECT_TRUE(got == Data(request));
}

TEST_F(SocketChannelTest, HostThatTakesNothingIsAnErrorAfterTwoSeconds) {
  ASSERT_TRUE(rpci_.Open().ok());
  const int small = 4096;
  setsockopt(system_.guest(), SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  const absl::Time begin = system_.now;
  EXPECT_TRUE(absl::IsUnavailable(rpci_.Send(std::string(60000, 'x'))));
  EXPECT_EQ(system_.now - begin, absl::Seconds(2));
}

TEST_F(SocketChannelTest, ClosedChannelSaysSo) {
  EXPECT_TRUE(absl::IsUnavailable(tclo_.Send("OK ")));
  EXPECT_TRUE(absl::IsUnavailable(tclo_.Receive().status()));
  EXPECT_EQ(tclo_.arrival().fd, -1);
}

}  // namespace
}  // namespace toolboxd::vsock
