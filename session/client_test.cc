// SPDX-License-Identifier: Apache-2.0

#include "session/client.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>

#include "base/process_handle.h"
#include "base/steady_time.h"
#include "base/testing/short_temp_dir.h"
#include "base/unique_fd.h"
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

absl::StatusOr<SessionUser> AskAndBeAnswered(Reply reply) {
  Peer peer([&](int fd) {
    ReadExactly(fd, EncodeRequest({"vixd", "alice", "secret"}).size());
    const std::string frame = EncodeReply(reply);
    // One byte at a time: a reply may arrive in any pieces.
    for (const char byte : frame) EXPECT_EQ(write(fd, &byte, 1), 1);
  });
  return RequestSession(peer.client(), "vixd", "alice", "secret", Soon());
}

TEST(SessionClient, EachResultHasItsStatus) {
  const auto status = [](Result result) { return AskAndBeAnswered({result, "no"}).status(); };
  EXPECT_EQ(status(Result::kBadLogin), absl::UnauthenticatedError("no"));
  EXPECT_EQ(status(Result::kAccountRefused), absl::PermissionDeniedError("no"));
  EXPECT_EQ(status(Result::kUnknownService), absl::InvalidArgumentError("no"));
  EXPECT_EQ(status(Result::kCannotStart), absl::InternalError("no"));
  EXPECT_EQ(status(Result::kOnlyOwnUser), absl::FailedPreconditionError("no"));
}

TEST(SessionClient, SuccessNamesTheUserThatPamSettledOn) {
  const absl::StatusOr<SessionUser> user =
      AskAndBeAnswered({Result::kOk, "", 1000, "alice@example.org"});
  ASSERT_TRUE(user.ok()) << user.status();
  EXPECT_EQ(user->uid, 1000u);
  EXPECT_EQ(user->name, "alice@example.org");
  // The policy would have no name to look for.
  EXPECT_TRUE(absl::IsInternal(AskAndBeAnswered({Result::kOk, "", 1000, ""}).status()));
  EXPECT_TRUE(absl::IsInternal(AskAndBeAnswered({Result::kOk, ""}).status()));
}

TEST(SessionClient, GreetingSaysThatSessionRuns) {
  const auto greeted = [](const std::string& bytes) {
    Peer peer([&](int fd) {
      EXPECT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    });
    return AwaitGreeting(peer.client(), Soon()).status();
  };
  EXPECT_TRUE(greeted(std::string(1, kGreeting)).ok());
  EXPECT_TRUE(absl::IsInternal(greeted("\2")));
  EXPECT_TRUE(absl::IsUnavailable(greeted("")));
}

TEST(SessionClient, GreetingNamesTheProcessThatSentIt) {
  const ShortTempDir folder;
  const std::string path = folder.File("session.sock");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  const UniqueFd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener.get(), 1), 0);
  const absl::StatusOr<int> connected = ConnectSession(path, Soon());
  ASSERT_TRUE(connected.ok()) << connected.status();
  const UniqueFd connection(*connected);
  const pid_t child = fork();
  if (child == 0) {
    const int end = accept(listener.get(), nullptr, nullptr);
    (void)!write(end, &kGreeting, 1);
    ReadExactly(end, 1);
    _exit(0);
  }
  const absl::StatusOr<UniqueFd> process = AwaitGreeting(connection.get(), Soon());
  ASSERT_TRUE(process.ok()) << process.status();
  ASSERT_TRUE(process->ok());
  EXPECT_FALSE(HasProcessEnded(process->get()));
  EXPECT_EQ(write(connection.get(), "x", 1), 1);
  EXPECT_TRUE(AwaitProcessEnd(process->get(), 10'000));
  waitpid(child, nullptr, 0);
}

TEST(SessionClient, BytesAfterTheReplyStayOnTheConnection) {
  Peer peer([](int fd) {
    ReadExactly(fd, EncodeRequest({"vixd", "alice", "secret"}).size());
    const std::string bytes = EncodeReply({Result::kOk, "fine", 1, "alice"}) + "HTTP/2";
    EXPECT_EQ(write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  });
  ASSERT_TRUE(RequestSession(peer.client(), "vixd", "alice", "secret", Soon()).ok());
  EXPECT_EQ(ReadExactly(peer.client(), 6), "HTTP/2");
}

TEST(SessionClient, ConnectionThatEndsIsUnavailable) {
  Peer peer([](int fd) { ReadExactly(fd, 4); });
  EXPECT_TRUE(absl::IsUnavailable(
      RequestSession(peer.client(), "vixd", "alice", "secret", Soon()).status()));
}

TEST(SessionClient, SilenceEndsAtTheDeadline) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      RequestSession(ends[0], "vixd", "a", "b", SteadyNow() + absl::Milliseconds(50)).status()));
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
    EXPECT_TRUE(absl::IsInternal(
        RequestSession(peer.client(), "vixd", "alice", "secret", Soon()).status()));
  }
}

TEST(SessionClient, OverlongPasswordIsNotSent) {
  EXPECT_TRUE(absl::IsInvalidArgument(
      RequestSession(-1, "vixd", "a", std::string(70000, 'x'), Soon()).status()));
}

TEST(SessionClient, SocketWithoutAListenerIsUnavailable) {
  EXPECT_EQ(OpenSession("none.sock", "vixd", "a", "b", Soon()).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(ConnectSession(std::string(200, 'x'), Soon()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace toolboxd::session
