// SPDX-License-Identifier: Apache-2.0

#include "session/client.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>

#include "base/steady_time.h"
#include "session/handshake.h"

namespace toolboxd::session {
namespace {

absl::Time Soon() { return SteadyNow() + absl::Seconds(10); }

std::string ReadExactly(int fd, size_t size) {
  std::string bytes(size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t got = read(fd, bytes.data() + done, size - done);
    if (got <= 0) return "";
    done += got;
  }
  return bytes;
}

// The server's end of one connection, answered by `serve` in a thread of its own.
class Peer {
 public:
  explicit Peer(std::function<void(int)> serve) {
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_), 0);
    thread_ = std::thread([this, serve = std::move(serve)] {
      serve(ends_[1]);
      close(ends_[1]);
    });
  }
  ~Peer() {
    close(ends_[0]);
    thread_.join();
  }
  int client() const { return ends_[0]; }

 private:
  int ends_[2];
  std::thread thread_;
};

absl::Status AskAndBeAnswered(Reply reply) {
  Peer peer([&](int fd) {
    ReadExactly(fd, EncodeRequest({"vixd", "alice", "secret"}).size());
    const std::string frame = EncodeReply(reply);
    // One byte at a time: a reply may arrive in any pieces.
    for (const char byte : frame) EXPECT_EQ(write(fd, &byte, 1), 1);
  });
  return RequestSession(peer.client(), "vixd", "alice", "secret", Soon());
}

TEST(SessionClient, EachResultHasItsStatus) {
  EXPECT_TRUE(AskAndBeAnswered({Result::kOk, ""}).ok());
  EXPECT_EQ(AskAndBeAnswered({Result::kBadLogin, "no"}), absl::UnauthenticatedError("no"));
  EXPECT_EQ(AskAndBeAnswered({Result::kAccountRefused, "no"}), absl::PermissionDeniedError("no"));
  EXPECT_EQ(AskAndBeAnswered({Result::kUnknownService, "no"}), absl::InvalidArgumentError("no"));
  EXPECT_EQ(AskAndBeAnswered({Result::kCannotStart, "no"}), absl::InternalError("no"));
  EXPECT_EQ(AskAndBeAnswered({Result::kOnlyOwnUser, "no"}), absl::FailedPreconditionError("no"));
}

TEST(SessionClient, BytesAfterTheReplyStayOnTheConnection) {
  Peer peer([](int fd) {
    ReadExactly(fd, EncodeRequest({"vixd", "alice", "secret"}).size());
    const std::string bytes = EncodeReply({Result::kOk, "fine"}) + "HTTP/2";
    EXPECT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  });
  ASSERT_TRUE(RequestSession(peer.client(), "vixd", "alice", "secret", Soon()).ok());
  EXPECT_EQ(ReadExactly(peer.client(), 6), "HTTP/2");
}

TEST(SessionClient, ConnectionThatEndsIsUnavailable) {
  Peer peer([](int fd) { ReadExactly(fd, 4); });
  EXPECT_EQ(RequestSession(peer.client(), "vixd", "alice", "secret", Soon()).code(),
            absl::StatusCode::kUnavailable);
}

TEST(SessionClient, SilenceEndsAtTheDeadline) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  EXPECT_EQ(RequestSession(ends[0], "vixd", "a", "b", SteadyNow() + absl::Milliseconds(50)).code(),
            absl::StatusCode::kDeadlineExceeded);
  close(ends[0]);
  close(ends[1]);
}

TEST(SessionClient, HostileReplyIsRefused) {
  for (const std::string& reply : {std::string("\xff\xff\xff\xff", 4), std::string("\0\0\0\0", 4),
                                   std::string("\0\0\0\1\x7f", 5)}) {
    Peer peer([&](int fd) {
      ReadExactly(fd, EncodeRequest({"vixd", "alice", "secret"}).size());
      EXPECT_EQ(write(fd, reply.data(), reply.size()), static_cast<ssize_t>(reply.size()));
    });
    EXPECT_EQ(RequestSession(peer.client(), "vixd", "alice", "secret", Soon()).code(),
              absl::StatusCode::kInternal);
  }
}

TEST(SessionClient, OverlongPasswordIsNotSent) {
  EXPECT_EQ(RequestSession(-1, "vixd", "a", std::string(70000, 'x'), Soon()).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(SessionClient, SocketWithoutAListenerIsUnavailable) {
  EXPECT_EQ(OpenSession("none.sock", "vixd", "a", "b", Soon()).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(ConnectSession(std::string(200, 'x'), Soon()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace toolboxd::session
