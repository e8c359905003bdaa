// SPDX-License-Identifier: Apache-2.0

#include "session/receive.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>

namespace toolboxd::session {
namespace {

using std::chrono::milliseconds;

class ReceiveTest : public testing::Test {
 protected:
  ReceiveTest() { EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_), 0); }
  ~ReceiveTest() override {
    CloseClient();
    close(ends_[1]);
  }

  void Send(std::string_view bytes) {
    ASSERT_EQ(send(ends_[0], bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void CloseClient() {
    if (ends_[0] >= 0) close(ends_[0]);
    ends_[0] = -1;
  }
  std::optional<Request> Receive(ReceiveLimits limits = {}) {
    return ReceiveRequest(ends_[1], limits, error_);
  }

  int ends_[2];
  ReceiveError error_ = ReceiveError::kNone;
};

TEST_F(ReceiveTest, RequestInPiecesAfterSilenceIsRead) {
  std::thread client([this] {
    std::this_thread::sleep_for(milliseconds(50));
    for (const char byte : EncodeRequest({"vixd", "alice", "secret"})) Send({&byte, 1});
  });
  const std::optional<Request> request = Receive();
  client.join();
  ASSERT_TRUE(request.has_value());
  EXPECT_EQ(request->user, "alice");
  EXPECT_EQ(request->password, "secret");
  EXPECT_EQ(error_, ReceiveError::kNone);
}

TEST_F(ReceiveTest, BytesAfterTheRequestAreNotRead) {
  Send(EncodeRequest({"vixd", "alice", "secret"}) + "PRI * HTTP/2");
  ASSERT_TRUE(Receive().has_value());
  char rest[32];
  EXPECT_EQ(read(ends_[1], rest, sizeof rest), 12);
}

TEST_F(ReceiveTest, PeerThatLeavesSilentlyIsNotAnIncompleteRequest) {
  CloseClient();
  EXPECT_FALSE(Receive().has_value());
  EXPECT_EQ(error_, ReceiveError::kClosed);
}

TEST_F(ReceiveTest, PeerThatLeavesInTheMiddleIsAnIncompleteRequest) {
  Send(EncodeRequest({"vixd", "alice", "secret"}).substr(0, 9));
  CloseClient();
  EXPECT_FALSE(Receive().has_value());
  EXPECT_EQ(error_, ReceiveError::kIncomplete);
}

TEST_F(ReceiveTest, SilenceHasALimit) {
  EXPECT_FALSE(Receive({.silence = milliseconds(30), .transfer = milliseconds(30)}).has_value());
  EXPECT_EQ(error_, ReceiveError::kIncomplete);
}

// A peer that sends a byte now and then must not hold root's process.
TEST_F(ReceiveTest, TransferIsLimitedFromItsFirstByte) {
  std::thread client([this] {
    for (int i = 0; i < 12; ++i) {
      std::this_thread::sleep_for(milliseconds(20));
      Send({"\0\0\0\xff........", 12});
    }
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(Receive({.transfer = milliseconds(100)}).has_value());
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(200));
  EXPECT_EQ(error_, ReceiveError::kIncomplete);
  client.join();
}

TEST_F(ReceiveTest, HostileFramesAreMalformed) {
  for (const std::string& frame :
       {std::string("\xff\xff\xff\xff", 4), std::string("\0\1\0\1", 4), std::string("\0\0\0\0", 4),
        std::string("\0\0\0\2\0\0", 6), std::string("\0\0\0\7\0\0\0\0\0\0x", 11)}) {
    Send(frame);
    EXPECT_FALSE(Receive().has_value());
    EXPECT_EQ(error_, ReceiveError::kMalformed);
  }
}

}  // namespace
}  // namespace toolboxd::session
