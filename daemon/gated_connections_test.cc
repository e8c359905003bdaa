// SPDX-License-Identifier: Apache-2.0

#include "daemon/gated_connections.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <future>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "base/testing/eventually.h"
#include "daemon/testing/frame_encoder.h"
#include "daemon/testing/lingering.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr size_t kMaxCalls = 2;
constexpr size_t kMaxConnections = 8;
constexpr size_t kMaxCallsOfAll = 8;

std::string Begin(uint32_t stream) {
  return EncodeFrame(Frame::kHeaders, kEndHeaders, stream, "h");
}

// A connection through the gate.
struct Ends {
  UniqueFd caller;
  UniqueFd server;
};

class GatedConnectionsTest : public testing::Test {
 protected:
  Ends Connect(uid_t user = 1000) {
    int ends[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    absl::StatusOr<UniqueFd> server = gated_.Add(UniqueFd(ends[0]), user);
    EXPECT_TRUE(server.ok()) << server.status();
    return {UniqueFd(ends[1]), *std::move(server)};
  }
  static bool Write(int fd, const std::string& text) {
    for (size_t at = 0; at < text.size();) {
      pollfd ready{fd, POLLOUT, 0};
      poll(&ready, 1, -1);
      const ssize_t sent = send(fd, text.data() + at, text.size() - at, MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent > 0) at += static_cast<size_t>(sent);
    }
    return true;
  }
  // Less at the end of the connection.
  static std::string Read(int fd, size_t size) {
    std::string text(size, '\0');
    size_t have = 0;
    while (have < size) {
      pollfd ready{fd, POLLIN, 0};
      if (poll(&ready, 1, 20000) != 1) break;
      const ssize_t got = recv(fd, text.data() + have, size - have, 0);
      if (got <= 0) break;
      have += static_cast<size_t>(got);
    }
    text.resize(have);
    return text;
  }

  const std::string preface_ = std::string(kPrefaceBytes, 'p');
  GatedConnections gated_{
      {.connections = kMaxConnections, .calls = kMaxCallsOfAll, .calls_of_connection = kMaxCalls}};
};

TEST_F(GatedConnectionsTest, ContentPassesInBothDirectionsAtOnce) {
  const Ends ends = Connect();
  std::string sent = preface_;
  std::string replied;
  for (int i = 0; i < 1000; ++i) {
    sent += EncodeFrame(Frame::kData, 0, 1, std::string(static_cast<size_t>(i * 7), 'c'));
    replied += EncodeFrame(Frame::kData, 0, 1, std::string(static_cast<size_t>(i * 5), 's'));
  }
  // Both are longer than the sockets' buffers.
  auto caller = std::async(std::launch::async, [&] { return Write(ends.caller.get(), sent); });
  auto server = std::async(std::launch::async, [&] { return Write(ends.server.get(), replied); });
  auto arrived =
      std::async(std::launch::async, [&] { return Read(ends.server.get(), sent.size()); });
  EXPECT_EQ(Read(ends.caller.get(), replied.size()), replied);
  EXPECT_EQ(arrived.get(), sent);
  EXPECT_TRUE(caller.get() && server.get());
}

TEST_F(GatedConnectionsTest, EndOfEitherSideIsTheOthers) {
  for (const bool caller_ends : {true, false}) {
    Ends ends = Connect();
    EXPECT_TRUE(Write(ends.caller.get(), preface_));
    EXPECT_EQ(Read(ends.server.get(), preface_.size()), preface_);
    (caller_ends ? ends.caller : ends.server).reset();
    EXPECT_EQ(Read((caller_ends ? ends.server : ends.caller).get(), 1), "");
  }
  EXPECT_TRUE(Eventually([this] { return gated_.count() == 0; }));
}

TEST_F(GatedConnectionsTest, WhatIsRefusedDoesNotReachTheServer) {
  const Ends ends = Connect();
  ASSERT_TRUE(Write(ends.caller.get(), preface_ + Begin(1) + Begin(3)));
  const size_t size = preface_.size() + 2 * Begin(1).size();
  EXPECT_EQ(Read(ends.server.get(), size).size(), size);
  ASSERT_TRUE(Write(ends.caller.get(), Begin(5)));
  EXPECT_EQ(Read(ends.server.get(), 1), "");
  EXPECT_EQ(Read(ends.caller.get(), 1), "");
}

TEST_F(GatedConnectionsTest, CallsThatTheServerEndsAreWithoutNumber) {
  const Ends ends = Connect();
  ASSERT_TRUE(Write(ends.caller.get(), preface_));
  ASSERT_EQ(Read(ends.server.get(), preface_.size()), preface_);
  for (uint32_t i = 1; i < 2000; i += 2) {
    const std::string reply = EncodeFrame(Frame::kHeaders, kEndHeaders | Frame::kEndStream, i);
    ASSERT_TRUE(Write(ends.caller.get(), Begin(i)));
    ASSERT_EQ(Read(ends.server.get(), Begin(i).size()), Begin(i));
    ASSERT_TRUE(Write(ends.server.get(), reply));
    ASSERT_EQ(Read(ends.caller.get(), reply.size()), reply);
  }
}

// W2 of tests/attacks/README.md: each call may keep a thread of the server's.
TEST_F(GatedConnectionsTest, UserWithManyCallsLeavesSomeToAnother) {
  std::vector<Ends> connections;
  const auto begins_two = [&](uid_t user) {
    connections.push_back(Connect(user));
    const std::string sent = preface_ + Begin(1) + Begin(3);
    EXPECT_TRUE(Write(connections.back().caller.get(), sent));
    return Read(connections.back().server.get(), sent.size()) == sent;
  };
  EXPECT_TRUE(begins_two(1000));
  EXPECT_TRUE(begins_two(1000));
  EXPECT_FALSE(begins_two(1000));
  EXPECT_EQ(Read(connections.back().caller.get(), 1), "");
  EXPECT_TRUE(begins_two(1001));
  // Those that were given up make place for others, after a moment.
  connections.clear();
  absl::SleepFor(kAfterReset + absl::Milliseconds(200));
  EXPECT_TRUE(begins_two(1000));
}

// W1 of tests/attacks/README.md.
TEST_F(GatedConnectionsTest, UserWithManyConnectionsLeavesSomeToAnother) {
  std::vector<Ends> connections;
  for (size_t i = 0; i < kMaxConnections / 2; ++i) {
    EXPECT_TRUE(gated_.HasPlace(1000));
    connections.push_back(Connect());
  }
  EXPECT_FALSE(gated_.HasPlace(1000));
  EXPECT_TRUE(gated_.HasPlace(1001));
  connections.pop_back();
  EXPECT_TRUE(Eventually([this] { return gated_.HasPlace(1000); }));
}

// poll(2) reports the end of a connection whatever it is asked for, again and again.
TEST_F(GatedConnectionsTest, SideThatLeavesWhileTheOtherTakesNothingCostsNoTimeAndEndsBoth) {
  for (const bool caller_leaves : {true, false}) {
    Ends ends = Connect();
    ASSERT_TRUE(Write(ends.caller.get(), preface_));
    UniqueFd& leaves = caller_leaves ? ends.caller : ends.server;
    const std::string content = EncodeFrame(Frame::kData, 0, 1, std::string(60000, 'c'));
    // Until the gate keeps a part and both sockets are full.
    for (int full = 0; full < 5;) {
      if (send(leaves.get(), content.data(), content.size(), MSG_DONTWAIT) > 0) continue;
      absl::SleepFor(absl::Milliseconds(20));
      ++full;
    }
    leaves.reset();
    const absl::Time left = absl::Now();
    const clock_t begin = clock();
    EXPECT_EQ(gated_.count(), 1);
    absl::SleepFor(GatedConnections::kAfterEnd / 2);
    EXPECT_LT(clock() - begin, CLOCKS_PER_SEC / 10);
    EXPECT_TRUE(Eventually([this] { return gated_.count() == 0; }));
    EXPECT_GE(absl::Now() - left, GatedConnections::kAfterEnd * 0.8);
  }
}

TEST_F(GatedConnectionsTest, ReplyBeforeTheServersEndArrives) {
  Ends ends = Connect();
  ASSERT_TRUE(Write(ends.caller.get(), preface_));
  ASSERT_EQ(Read(ends.server.get(), preface_.size()), preface_);
  std::string replied;
  for (int i = 0; i < 2; ++i) replied += EncodeFrame(Frame::kData, 0, 1, std::string(60000, 's'));
  ASSERT_TRUE(Write(ends.server.get(), replied));
  ends.server.reset();
  absl::SleepFor(absl::Milliseconds(100));
  EXPECT_EQ(Read(ends.caller.get(), replied.size() + 1), replied);
}

// U1 of tests/attacks/README.md.
TEST_F(GatedConnectionsTest, CallerWhoSendsADescriptorHoldsNoOtherUp) {
  Lingering gift;
  const Ends ends = Connect();
  ASSERT_TRUE(gift.SendWith(preface_, ends.caller.get()));
  const absl::Time begin = absl::Now();
  const Ends other = Connect();
  ASSERT_TRUE(Write(other.caller.get(), preface_));
  EXPECT_EQ(Read(other.server.get(), preface_.size()), preface_);
  EXPECT_LT(absl::Now() - begin, kAtOnce);
  EXPECT_EQ(Read(ends.server.get(), 1), "");
}

// T3 of tests/attacks/README.md: connections in place of calls.
TEST_F(GatedConnectionsTest, ConnectionThatEndsWithCallsCountsForAMoment) {
  Connect();
  EXPECT_TRUE(Eventually([this] { return gated_.count() == 0; }));
  {
    const Ends ends = Connect();
    ASSERT_TRUE(Write(ends.caller.get(), preface_ + Begin(1)));
    ASSERT_EQ(Read(ends.server.get(), preface_.size()), preface_);
  }
  const absl::Time begin = absl::Now();
  EXPECT_EQ(gated_.count(), 1);
  EXPECT_TRUE(Eventually([this] { return gated_.count() == 0; }));
  EXPECT_GE(absl::Now() - begin, kAfterReset * 0.8);
}

}  // namespace
}  // namespace toolboxd
