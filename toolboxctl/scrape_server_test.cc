// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/scrape_server.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/testing/short_temp_dir.h"
#include "daemon/testing/lingering.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr char kRequest[] = "GET /metrics HTTP/1.1\r\n\r\n";

class ScrapeServerTest : public testing::Test {
 protected:
  void SetUp() override {
    const sockaddr_un address = Address();
    ASSERT_EQ(bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    ASSERT_EQ(chmod(path_.c_str(), 0666), 0);
    ASSERT_EQ(chmod(dir_.path().c_str(), 0755), 0);
    EXPECT_FALSE(IsListening(listener_.get()));
    ASSERT_EQ(listen(listener_.get(), 1000), 0);
    EXPECT_TRUE(IsListening(listener_.get()));
  }
  ~ScrapeServerTest() override {
    if (thread_.joinable()) thread_.join();
  }

  // Ends by itself, when no caller is left.
  void Start() {
    thread_ = std::thread([this] {
      ScrapeServer server(
          [](absl::string_view request, const absl::StatusOr<std::string>& text) {
            return absl::StrCat(request.size(), " ", *text);
          },
          [this]() -> absl::StatusOr<std::string> {
            ++asked_;
            return text_;
          });
      server.Run(listener_.get(), absl::Milliseconds(500));
      ended_ = true;
    });
  }

  sockaddr_un Address() const {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    return address;
  }
  UniqueFd Connect() const {
    UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = Address();
    EXPECT_EQ(connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }
  // The kernel notes the effective user of the thread that connects.
  UniqueFd ConnectAs(uid_t uid) const {
    UniqueFd fd;
    std::thread([&] {
      ASSERT_EQ(syscall(SYS_setresuid, -1, uid, -1), 0) << "this test needs root";
      fd = Connect();
    }).join();
    return fd;
  }
  static std::string ReadAll(const UniqueFd& fd) {
    std::string text;
    char bytes[4096];
    for (ssize_t got; (got = read(fd.get(), bytes, sizeof bytes)) > 0;) text.append(bytes, got);
    return text;
  }
  static std::string Scrape(const UniqueFd& fd) {
    EXPECT_EQ(send(fd.get(), kRequest, sizeof kRequest - 1, MSG_NOSIGNAL),
              static_cast<ssize_t>(sizeof kRequest - 1));
    return ReadAll(fd);
  }

  ShortTempDir dir_;
  const std::string path_ = dir_.File("metrics.sock");
  // As systemd's, which takes what callers send along: sockets that this process makes refuse that
  // from its first server on (daemon/sent_descriptors.h).
  const UniqueFd listener_{
      static_cast<int>(syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  std::string text_ = "numbers";
  std::atomic<int> asked_{0};
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

TEST_F(ScrapeServerTest, EachCallerGetsAnAnswerAndTheProcessEndsWithoutCallers) {
  Start();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Scrape(Connect()), "25 numbers");
  thread_.join();
  EXPECT_TRUE(ended_);
  // The numbers are read once for callers of the same moment.
  EXPECT_LE(asked_, 3);
}

TEST_F(ScrapeServerTest, LongAnswerArrivesAlsoIfItIsReadLate) {
  text_.assign(3 << 20, 'x');
  Start();
  const UniqueFd late = Connect();
  ASSERT_GT(send(late.get(), kRequest, sizeof kRequest - 1, 0), 0);
  EXPECT_EQ(Scrape(Connect()).size(), text_.size() + 3);
  EXPECT_EQ(ReadAll(late).size(), text_.size() + 3);
}

TEST_F(ScrapeServerTest, TransportdIsAskedOnceForManyCallers) {
  Start();
  const absl::Time begin = absl::Now();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Scrape(Connect()), "25 numbers");
  EXPECT_LE(asked_, 1 + absl::FDivDuration(absl::Now() - begin, ScrapeServer::kFresh));
}

// R12 of tests/attacks/README.md: connects without an end switched the socket off for all.
TEST_F(ScrapeServerTest, UserWhoConnectsWithoutEndKeepsNoOtherOut) {
  Start();
  std::vector<UniqueFd> silent;
  silent.reserve(900);
  for (int i = 0; i < 300; ++i) silent.push_back(ConnectAs(4711));
  EXPECT_EQ(Scrape(Connect()), "25 numbers");
  // Nor do those of several users.
  for (int i = 0; i < 300; ++i) silent.push_back(ConnectAs(4711 + i % 3));
  const UniqueFd honest = Connect();
  for (int i = 0; i < 300; ++i) silent.push_back(ConnectAs(4711 + i % 3));
  EXPECT_EQ(Scrape(honest), "25 numbers");
}

// U1 of tests/attacks/README.md.
TEST_F(ScrapeServerTest, CallerWhoSendsADescriptorHoldsNoOtherUp) {
  Lingering gifts[2];
  const UniqueFd with_request = Connect();
  ASSERT_TRUE(gifts[0].SendWith(kRequest, with_request.get()));
  UniqueFd leaves = Connect();
  ASSERT_TRUE(gifts[1].SendWith(std::string(16 << 10, 'x'), leaves.get()));
  leaves.reset();
  const absl::Time begin = absl::Now();
  Start();
  EXPECT_EQ(Scrape(Connect()), "25 numbers");
  EXPECT_EQ(ReadAll(with_request), "");
  EXPECT_LT(absl::Now() - begin, kAtOnce);
}

TEST_F(ScrapeServerTest, CallerWhoSendsNothingIsSentAwayInTime) {
  Start();
  const UniqueFd silent = Connect();
  const absl::Time begin = absl::Now();
  EXPECT_EQ(ReadAll(silent), "");
  EXPECT_GE(absl::Now() - begin, ScrapeServer::kPatience - absl::Milliseconds(100));
}

}  // namespace
}  // namespace toolboxd
