// SPDX-License-Identifier: Apache-2.0

// What callers of few rights leave to the others and to each other: connections, threads, Watch
// streams and memory.

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "base/testing/eventually.h"
#include "base/unique_fd.h"
#include "daemon/caller_gate.h"
#include "daemon/channel.h"
#include "daemon/frame_reader.h"
#include "daemon/health.h"
#include "daemon/testing/all_watches.h"
#include "daemon/testing/frame_encoder.h"
#include "daemon/testing/server_fixture.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/create_channel_posix.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/power.pb.h"

namespace toolboxd {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// The header "grpc-timeout: 1n".
constexpr absl::string_view kDeadlineAtOnce("\0\014grpc-timeout\0021n", 17);
// gRPC resets a call for it.
constexpr uint8_t kNoFlagOfData = 2;

class ServerSharesTest : public ServerTest {
 protected:
  // All callers have few rights, root too.
  ServerSharesTest() {
    options_.limited.emplace();
    options_.limited->services = options_.services;
    options_.limited->full.set_root_allowed(false);
  }

  // Other users may call as well.
  void AdmitOtherUsers() {
    ASSERT_EQ(chmod(dir_.path().c_str(), 0755), 0);
    options_.listener.mode = 0666;
    for (uid_t user = kFirstUser; user < kFirstUser + kUsers; ++user) {
      options_.allowed.AllowUser(user);
    }
  }

  // As another user: the kernel notes the effective one of the thread that connects.
  UniqueFd RawConnectAs(uid_t uid) {
    UniqueFd fd;
    std::thread([&] {
      ASSERT_EQ(syscall(SYS_setresuid, -1, uid, -1), 0);
      fd = RawConnect();
    }).join();
    return fd;
  }

  // Whether a Watch stream of another user's answers.
  bool CanWatchAs(uid_t uid) {
    const auto channel = grpc::CreateInsecureChannelFromFd("other", RawConnectAs(uid).release());
    grpc::ClientContext context;
    SetTimeout(kPatience, &context);
    const auto watch = Health::NewStub(channel)->Watch(&context, HealthCheckRequest());
    HealthCheckResponse response;
    const bool answers = watch->Read(&response);
    context.TryCancel();
    watch->Finish();
    return answers;
  }

  static constexpr uid_t kFirstUser = 4711;
  static constexpr uid_t kUsers = 3;
};

// R6 of tests/attacks/README.md.
TEST_F(ServerSharesTest, LimitedCallersLeaveHalfOfTheConnectionsToTheOthers) {
  options_.max_connections = 8;
  for (const bool full : {false, true}) {
    if (full) options_.limited->full.AllowUser(getuid());
    StartServer();
    std::vector<UniqueFd> connections;
    connections.reserve(10);
    for (int i = 0; i < 10; ++i) connections.push_back(RawConnect());
    // Of the half, one user has half.
    const int places = full ? 8 : 2;
    EXPECT_TRUE(Eventually([&] { return server_->refused_connections() == 10 - places; }));
    EXPECT_EQ(server_->open_connections(), places);
    connections.clear();
    // Places that become free are for either.
    EXPECT_TRUE(Eventually([&] { return server_->open_connections() == 0; }));
    // The gate may notice a little later.
    EXPECT_TRUE(Eventually(
        [&] { return CheckHealth(ConnectUnix(path_), v1::Power::service_full_name()).ok(); }));
    StopServer();
  }
}

// W1 of tests/attacks/README.md.
TEST_F(ServerSharesTest, LimitedCallersOfAFewUsersLeaveAPlaceForAnother) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  AdmitOtherUsers();
  StartServer();
  std::vector<UniqueFd> connections;
  const int places = options_.max_connections / 2;
  // Of one user alone, and then of several who reconnect without an end.
  for (uid_t user = kFirstUser; user < kFirstUser + kUsers; ++user) {
    for (int i = 0; i < places; ++i) {
      connections.push_back(RawConnectAs(user));
      // One that does not speak HTTP/2 is closed.
      Send(connections.back(), Opening());
    }
    EXPECT_TRUE(SeesEnd(connections.back()));
    if (user == kFirstUser) {
      EXPECT_EQ(server_->open_connections(), places / 2);
    }
    EXPECT_TRUE(CheckHealth(ConnectUnix(path_), "").ok()) << user;
  }
  EXPECT_LT(server_->open_connections(), places);
}

// W2 of tests/attacks/README.md: a thread waits until its caller takes the reply.
TEST_F(ServerSharesTest, LimitedCallerWhoTakesNoRepliesLeavesThreadsToAnother) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  AdmitOtherUsers();
  StartServer();
  // SETTINGS_INITIAL_WINDOW_SIZE is 0.
  std::string calls =
      Opening(absl::string_view("\0\4\0\0\0\0", 6)) + EncodeFrame(kSettings, kAcknowledge, 0);
  for (uint32_t stream = 1; stream < 16; stream += 2) {
    calls += EncodeFrame(Frame::kHeaders, kEndHeaders, stream, HealthCheckHeaders());
    calls += EncodeFrame(Frame::kData, Frame::kEndStream, stream, std::string(5, '\0'));
  }
  std::vector<UniqueFd> connections;
  for (int i = 0; i < 16; ++i) {
    connections.push_back(RawConnectAs(kFirstUser));
    Send(connections.back(), calls);
  }
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_TRUE(CheckHealth(ConnectUnix(path_), "").ok());
}

// W3 of tests/attacks/README.md.
TEST_F(ServerSharesTest, WatchStreamsOfLimitedCallersLeaveThoseOfOthers) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  AdmitOtherUsers();
  options_.limited->full.AllowUser(kFirstUser);
  StartServer();
  const AllWatches limited(ConnectUnix(path_));
  EXPECT_TRUE(CanWatchAs(kFirstUser));
}

// Y2 of tests/attacks/README.md.
TEST_F(ServerSharesTest, WatchStreamsOfALimitedCallerLeaveThoseOfAnother) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  AdmitOtherUsers();
  StartServer();
  const AllWatches first(ConnectUnix(path_)), second(ConnectUnix(path_));
  EXPECT_TRUE(CanWatchAs(kFirstUser));
}

// The gate counts a call for a second after its caller has given it up.
TEST_F(ServerSharesTest, WatchStreamsThatAreGivenUpKeepNoThread) {
  StartServer();
  const auto channel = ConnectUnix(path_), other = ConnectUnix(path_);
  const int rounds = options_.limited->limits.max_threads / (2 * HealthService::kMaxWatches);
  for (int i = 0; i < rounds; ++i) {
    { const AllWatches first(channel), second(other); }
    // The gate has forgotten them when the next ones come.
    absl::SleepFor(kAfterReset + absl::Milliseconds(100));
  }
  EXPECT_TRUE(CheckHealth(channel, "").ok());
}

// S4 of tests/attacks/README.md: what they send takes memory that is everybody's.
TEST_F(ServerSharesTest, LimitedCallersSendSmallRequestsAndFewAtATime) {
  StartServer();
  const auto channel = ConnectUnix(path_);
  EXPECT_EQ(CheckHealth(channel, std::string(20000, 'x')).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(CheckHealth(channel, std::string(10000, 'x')).error_code(),
            grpc::StatusCode::NOT_FOUND);
  const std::string settings = Settings();
  EXPECT_NE(settings.find(std::string("\0\3\0\0\0\x08", 6)), std::string::npos)
      << "no SETTINGS_MAX_CONCURRENT_STREAMS of 8";
  EXPECT_NE(settings.find(std::string("\0\4\0\0\x80\0", 6)), std::string::npos)
      << "no SETTINGS_INITIAL_WINDOW_SIZE of 32 KiB";
}

// T3 of tests/attacks/README.md: gRPC reads them faster than it serves them.
TEST_F(ServerSharesTest, LimitedCallerWhoGivesCallsUpWithoutEndIsDisconnected) {
  StartServer();
  const auto channel = ConnectUnix(path_);
  ASSERT_TRUE(CheckHealth(channel, "").ok());
  const UniqueFd connection = RawConnect();
  std::string calls = Opening();
  for (uint32_t stream = 1; stream < 19; stream += 2) {
    calls += EncodeFrame(Frame::kHeaders, kEndHeaders, stream, kPost);
    calls += EncodeFrame(Frame::kReset, 0, stream, kCancel);
  }
  ASSERT_TRUE(Send(connection, calls));
  EXPECT_TRUE(SeesEnd(connection));
  EXPECT_TRUE(CheckHealth(channel, "").ok());
}

// Y1 of tests/attacks/README.md: the server ends them itself, by their deadline or for a fault, and
// may still be at work on them.
TEST_F(ServerSharesTest, LimitedCallerWhoHasCallsResetWithoutEndIsDisconnected) {
  StartServer();
  const auto channel = ConnectUnix(path_);
  ASSERT_TRUE(CheckHealth(channel, "").ok());
  const std::string at_once = absl::StrCat(HealthCheckHeaders(), kDeadlineAtOnce);
  for (const bool by_deadline : {true, false}) {
    const UniqueFd connection = RawConnect();
    ASSERT_TRUE(Send(connection, Opening() + EncodeFrame(kSettings, kAcknowledge, 0)));
    bool open = true;
    // One at a time.
    for (uint32_t stream = 1; stream < 33 && open; stream += 2) {
      open = by_deadline
                 ? Send(connection, EncodeFrame(Frame::kHeaders, kEndHeaders, stream, at_once))
                 : Send(connection,
                        EncodeFrame(Frame::kHeaders, kEndHeaders, stream, HealthCheckHeaders()) +
                            EncodeFrame(Frame::kData, kNoFlagOfData, stream, "x"));
      absl::SleepFor(absl::Milliseconds(20));
    }
    EXPECT_TRUE(SeesEnd(connection)) << by_deadline;
  }
  absl::SleepFor(kAfterReset + absl::Milliseconds(100));
  EXPECT_TRUE(CheckHealth(channel, "").ok());
}

}  // namespace
}  // namespace toolboxd
