// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/statfs_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <string>

#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"
#include "guestinfod/testing/statfs_server.h"

namespace toolboxd::guestinfod {
namespace {

class StatfsClientTest : public ::testing::Test {
 protected:
  // Before the server, which waits for its client.
  void TearDown() override { client_.reset(); }

  void MakeClient(absl::Duration patience = absl::Seconds(20)) {
    client_ = std::make_unique<StatfsClient>(socket_, patience);
  }

  const ShortTempDir folder_;
  const std::string socket_ = folder_.path() + "/statfs.sock";
  StatfsServer server_;
  std::unique_ptr<StatfsClient> client_;
};

TEST_F(StatfsClientTest, AsksOnOneConnection) {
  server_.Start(socket_);
  MakeClient();
  for (int round = 0; round < 3; ++round) {
    client_->BeginRound();
    ASSERT_TRUE(client_->Ask("/").has_value());
    EXPECT_GT(client_->Ask("/")->total_bytes, 0u);
    EXPECT_FALSE(client_->Ask("/nonexistent").has_value());
    client_->EndRound();
  }
  EXPECT_EQ(server_.connections(), 1);
}

TEST_F(StatfsClientTest, RoundWithoutAQuestionEndsTheConnection) {
  server_.Start(socket_);
  MakeClient();
  client_->BeginRound();
  client_->Ask("/");
  client_->EndRound();
  EXPECT_EQ(server_.ended(), 0);
  client_->BeginRound();
  client_->EndRound();
  EXPECT_TRUE(Eventually([this] { return server_.ended() == 1; }));
}

TEST_F(StatfsClientTest, MissingHelperIsReportedOnceUntilItAnswers) {
  MakeClient();
  testing::internal::CaptureStderr();
  for (int round = 0; round < 3; ++round) {
    client_->BeginRound();
    EXPECT_FALSE(client_->Ask("/").has_value());
    client_->EndRound();
  }
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  server_.Start(socket_);
  client_->BeginRound();
  EXPECT_TRUE(client_->Ask("/").has_value());
}

TEST_F(StatfsClientTest, HelperThatHasEndedIsConnectedToAgain) {
  std::atomic<int> left = 2;
  server_.Start(socket_, [&left](int fd) {
    if (--left > 0) return;
    statfs::Serve(fd);
  });
  MakeClient();
  client_->BeginRound();
  EXPECT_FALSE(client_->Ask("/").has_value());
  client_->BeginRound();
  EXPECT_TRUE(client_->Ask("/").has_value());
  EXPECT_EQ(server_.connections(), 2);
}

TEST_F(StatfsClientTest, HelperThatHangsCostsOneRoundItsPatienceOnce) {
  server_.Start(socket_, [](int fd) {
    // Until the client gives up.
    pollfd end = {fd, POLLRDHUP, 0};
    poll(&end, 1, 20'000);
  });
  MakeClient(absl::Milliseconds(100));
  client_->BeginRound();
  for (int i = 0; i < 255; ++i) EXPECT_FALSE(client_->Ask("/").has_value());
  EXPECT_EQ(server_.connections(), 1);
}

TEST_F(StatfsClientTest, NonsenseIsNotTaken) {
  server_.Start(socket_, [](int fd) {
    statfs::Request request;
    while (recv(fd, &request, sizeof request, 0) > 0) {
      std::string packet(request.path[1] == 'l' ? sizeof(statfs::Reply) + 1 : 5, '\0');
      if (request.path[1] == 'v') packet.assign(sizeof(statfs::Reply), '\7');
      send(fd, packet.data(), packet.size(), MSG_NOSIGNAL);
    }
  });
  MakeClient();
  for (const char* path : {"/long", "/short", "/version"}) {
    client_->BeginRound();
    EXPECT_FALSE(client_->Ask(path).has_value()) << path;
  }
}

TEST_F(StatfsClientTest, PathsThatDoNotFitAreNotAsked) {
  server_.Start(socket_);
  MakeClient();
  client_->BeginRound();
  EXPECT_FALSE(client_->Ask("/" + std::string(statfs::kMaxPath - 1, 'a')).has_value());
  EXPECT_EQ(server_.connections(), 0);
}

}  // namespace
}  // namespace toolboxd::guestinfod
