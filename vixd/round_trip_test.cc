// SPDX-License-Identifier: Apache-2.0

#include "vixd/round_trip.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "base/testing/host_port_cases.h"

namespace toolboxd::vixd {
namespace {

// stdin from a list, stdout to a string.
class FakeStreams : public RoundTripStreams {
 public:
  explicit FakeStreams(std::vector<std::string> input = {}) : input_(std::move(input)) {}

  bool ReadInput(std::string& bytes) override {
    if (next_ == input_.size()) return false;
    bytes = input_[next_++];
    return true;
  }
  bool WriteOutput(absl::string_view bytes) override {
    absl::StrAppend(&output, bytes);
    return true;
  }
  bool IsCancelled() const override { return cancelled; }

  std::string output;
  std::atomic<bool> cancelled = false;

 private:
  std::vector<std::string> input_;
  size_t next_ = 0;
};

// Serves one connection on the loopback interface.
class TcpServer {
 public:
  explicit TcpServer(std::function<void(int)> serve) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    socklen_t size = sizeof address;
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, serve = std::move(serve)] {
      const int connection = accept(listener_, nullptr, nullptr);
      if (connection >= 0) serve(connection);
      close(connection);
    });
  }
  ~TcpServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    close(listener_);
  }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }
  int port() const { return port_; }

 private:
  int listener_;
  int port_;
  std::thread thread_;
};

std::string ReadUntil(int fd, const std::string& end) {
  std::string text;
  char byte;
  while (text.size() < end.size() || text.substr(text.size() - end.size()) != end) {
    if (read(fd, &byte, 1) != 1) break;
    text += byte;
  }
  return text;
}

void WriteAll(int fd, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t sent = send(fd, text.data() + done, text.size() - done, MSG_NOSIGNAL);
    if (sent <= 0) return;
    done += sent;
  }
}

TEST(RoundTrip, DestinationsAreReadLikeInThePolicy) {
  for (const HostPortCase& item : kHostPortCases) {
    const absl::StatusOr<Destination> parsed = ParseDestination(item.text);
    if (item.port == 0) {
      EXPECT_EQ(ReasonOf(parsed.status()), v1::INVALID_ARGUMENT) << item.text;
      continue;
    }
    ASSERT_TRUE(parsed.ok()) << item.text;
    EXPECT_EQ(parsed->host, item.host);
    EXPECT_EQ(parsed->port, absl::StrCat(item.port));
  }
}

TEST(RoundTrip, SendsTheRequestAndReturnsTheResponse) {
  std::string request;
  TcpServer server([&](int fd) {
    request = ReadUntil(fd, "\r\n\r\n");
    WriteAll(fd, "HTTP/1.1 200 OK\r\n\r\nhello");
  });
  FakeStreams streams({"GET / HTTP/1.1\r\n", "Connection: close\r\n\r\n"});
  EXPECT_TRUE(RoundTrip(server.address(), {}, streams).ok());
  EXPECT_EQ(streams.output, "HTTP/1.1 200 OK\r\n\r\nhello");
  EXPECT_EQ(request, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
}

TEST(RoundTrip, ServerMayAnswerWhileItReads) {
  const std::string big(8 << 20, 'x');
  TcpServer server([&](int fd) {
    WriteAll(fd, big);
    std::string rest(1 << 20, '\0');
    for (ssize_t got, left = big.size() + 3; left > 0; left -= got) {
      got = read(fd, rest.data(), rest.size());
      if (got <= 0) break;
    }
  });
  FakeStreams streams({big, "end"});
  EXPECT_TRUE(RoundTrip(server.address(), {}, streams).ok());
  EXPECT_EQ(streams.output.size(), big.size());
}

TEST(RoundTrip, ResolvesLocalhost) {
  TcpServer server([](int fd) { WriteAll(fd, "named"); });
  FakeStreams streams;
  EXPECT_TRUE(RoundTrip(absl::StrCat("localhost:", server.port()), {}, streams).ok());
  EXPECT_EQ(streams.output, "named");
}

TEST(RoundTrip, OtherInterfacesNeedThePolicy) {
  FakeStreams streams;
  for (const char* text : {"192.0.2.1:80", "0.0.0.0:80", "[::]:80", "[::ffff:192.0.2.1]:80"}) {
    EXPECT_EQ(ReasonOf(RoundTrip(text, {{"192.0.2.1:81", "192.0.2.1"}}, streams)),
              v1::PERMISSION_DENIED)
        << text;
  }
  // Any local address reaches the same server; this one is not loopback.
  TcpServer server([](int fd) { WriteAll(fd, "allowed"); });
  const std::string other = absl::StrCat("0.0.0.0:", server.port());
  EXPECT_TRUE(RoundTrip(other, {{other}}, streams).ok());
  EXPECT_EQ(streams.output, "allowed");
}

TEST(RoundTrip, LoopbackInterfaceCanBeClosed) {
  TcpServer server([](int fd) { WriteAll(fd, "never"); });
  FakeStreams streams;
  for (const char* host : {"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0",
                           "[::]", "[::ffff:0.0.0.0]"}) {
    const std::string destination = absl::StrCat(host, ":", server.port());
    const absl::Status refused = RoundTrip(destination, {{destination}, false}, streams);
    EXPECT_EQ(ReasonOf(refused), v1::PERMISSION_DENIED) << destination;
  }
  // The server waits for one client.
  EXPECT_TRUE(RoundTrip(server.address(), {}, streams).ok());
}

TEST(RoundTrip, PortWithoutAServerIsAnError) {
  int port;
  {
    TcpServer gone([](int) {});
    port = gone.port();
  }
  FakeStreams streams;
  EXPECT_FALSE(RoundTrip(absl::StrCat("127.0.0.1:", port), {}, streams).ok());
}

TEST(RoundTrip, CancelledRunLeavesASilentServer) {
  TcpServer server([](int fd) { ReadUntil(fd, "never"); });
  FakeStreams streams({"GET"});
  std::thread canceller([&] {
    absl::SleepFor(absl::Milliseconds(100));
    streams.cancelled = true;
  });
  const absl::Time start = absl::Now();
  EXPECT_FALSE(RoundTrip(server.address(), {}, streams).ok());
  EXPECT_LT(absl::Now() - start, absl::Seconds(2));
  canceller.join();
}

}  // namespace
}  // namespace toolboxd::vixd
