// SPDX-License-Identifier: Apache-2.0

#include "rpctool/vsock_channel.h"

#include <errno.h>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace toolboxd::rpctool {
namespace {

std::string Bytes(std::initializer_list<uint32_t> words, const std::string& text = "") {
  std::string bytes;
  for (const uint32_t word : words) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(word >> shift);
  }
  return bytes + text;
}

// A packet with this payload, as a host sends it.
std::string Packet(const std::string& payload) {
  const auto size = static_cast<uint32_t>(payload.size());
  return Bytes({28 + size, 1, 1, 1, 0, 2, 2, size}, payload);
}

// A host that answers once it has a whole packet.
class FakeCalls final : public VsockCalls {
 public:
  std::deque<long> bind_results, connect_results;
  std::string answer = Packet("1 ok");
  // Bytes that the host takes or gives at a time.
  size_t part = 1 << 20;
  // The host ends the connection when it has this many bytes.
  size_t ends_after = 1 << 20;
  bool answers = true;
  // Each part of the request or the answer comes this much later.
  int64_t pause_ms = 0;

  std::vector<uint32_t> ports;
  std::string received;
  int waits = 0;
  int open = 0;
  int64_t now_ms = 0;

  long Socket() override {
    ++open;
    received.clear();
    given_ = 0;
    return 3;
  }
  long Bind(long, uint32_t port) override {
    ports.push_back(port);
    return Next(bind_results);
  }
  long Connect(long, uint32_t port) override {
    EXPECT_EQ(port, 976u);
    return Next(connect_results);
  }
  long ConnectResult(long) override { return Next(connect_results); }
  long Send(long, std::string_view bytes) override {
    if (received.size() >= ends_after) return -EPIPE;
    if (!Due()) return -EAGAIN;
    const size_t size = std::min(part, bytes.size());
    received.append(bytes.substr(0, size));
    return static_cast<long>(size);
  }
  long Receive(long, char* bytes, size_t size) override {
    const size_t rest = std::min({answer.size() - given_, size, part});
    if (rest == 0) return answers ? 0 : -EAGAIN;
    if (!Due()) return -EAGAIN;
    answer.copy(bytes, rest, given_);
    given_ += rest;
    return static_cast<long>(rest);
  }
  long Wait(long, short, int patience_ms) override {
    ++waits;
    if (!answers || pause_ms > patience_ms) {
      now_ms += patience_ms;
      return 0;
    }
    now_ms += pause_ms;
    due_ = true;
    return 1;
  }
  int64_t NowMs() override { return now_ms; }
  void Close(long) override { --open; }

 private:
  static long Next(std::deque<long>& results) {
    if (results.empty()) return 0;
    const long result = results.front();
    results.pop_front();
    return result;
  }
  // Whether the next part is there; it is taken.
  bool Due() { return pause_ms == 0 || std::exchange(due_, false); }

  size_t given_ = 0;
  bool due_ = false;
};

class VsockChannelTest : public testing::Test {
 protected:
  VsockOutcome Exchange(const std::string& request) {
    VsockChannel channel(&calls_);
    std::string_view answer;
    const VsockOutcome outcome = channel.Exchange(request, answer);
    answer_ = std::string(answer);
    return outcome;
  }

  FakeCalls calls_;
  std::string answer_;
};

// docs/protocol/transport.md 1.13.2.
TEST_F(VsockChannelTest, RequestIsOnePacketAfterWhichTheHostMayClose) {
  ASSERT_EQ(Exchange("info-get guestinfo.foo"), VsockOutcome::kDone);
  EXPECT_EQ(answer_, "1 ok");
  EXPECT_EQ(calls_.received,
            Bytes({0x42, 1, 1, 1, 0, 2, 2, 0x16}, "info-get guestinfo.foo") + Bytes({1, 3, 1, 0}));
  EXPECT_EQ(calls_.ports, (std::vector<uint32_t>{1023}));
  EXPECT_EQ(calls_.open, 0);
}

TEST_F(VsockChannelTest, BytesComeAndGoInAnyParts) {
  for (const size_t part : {1u, 3u, 7u}) {
    calls_.part = part;
    calls_.answer = Packet("1 " + std::string(1000, 'x'));
    ASSERT_EQ(Exchange("log abc"), VsockOutcome::kDone);
    EXPECT_EQ(answer_, "1 " + std::string(1000, 'x'));
  }
}

TEST_F(VsockChannelTest, LongestMessagesPassAndALongerRequestIsNotSent) {
  calls_.answer = Packet(std::string(65536, '1'));
  ASSERT_EQ(Exchange(std::string(65536, 'x')), VsockOutcome::kDone);
  EXPECT_EQ(answer_.size(), 65536u);
  EXPECT_EQ(Exchange(std::string(65537, 'x')), VsockOutcome::kNotSent);
  EXPECT_EQ(Exchange(""), VsockOutcome::kNotSent);
}

TEST_F(VsockChannelTest, PrivilegedPortIsTakenWhereItMayBe) {
  calls_.bind_results = {-EADDRINUSE, -EADDRINUSE};
  ASSERT_EQ(Exchange("log a"), VsockOutcome::kDone);
  EXPECT_EQ(calls_.ports.back(), 1021u);
  calls_.ports.clear();
  calls_.bind_results = {-EACCES};
  ASSERT_EQ(Exchange("log a"), VsockOutcome::kDone);
  EXPECT_EQ(calls_.ports.size(), 1u);
}

TEST_F(VsockChannelTest, RefusedConnectionLeavesTheRequestUnsent) {
  calls_.connect_results.assign(20, -ECONNRESET);
  EXPECT_EQ(Exchange("log a"), VsockOutcome::kNotSent);
  EXPECT_EQ(calls_.ports.size(), static_cast<size_t>(VsockChannel::kMaxResets));
  calls_.ports.clear();
  calls_.connect_results = {-ENODEV};
  EXPECT_EQ(Exchange("log a"), VsockOutcome::kNotSent);
  EXPECT_EQ(calls_.ports.size(), 1u);
  // Without a privileged port there is no other to try.
  calls_.bind_results = {-EACCES};
  calls_.connect_results = {-ECONNRESET};
  EXPECT_EQ(Exchange("log a"), VsockOutcome::kNotSent);
  calls_.answers = false;
  calls_.connect_results = {-EINPROGRESS};
  EXPECT_EQ(Exchange("log a"), VsockOutcome::kNotSent);
  EXPECT_EQ(calls_.waits, 1);
  EXPECT_EQ(calls_.open, 0);
}

TEST_F(VsockChannelTest, HostThatLeavesBeforeTheEndOfTheRequestDoesNotHaveIt) {
  calls_.part = 10;
  for (size_t bytes = 0; bytes < 50; bytes += 10) {
    calls_.ends_after = bytes;
    EXPECT_EQ(Exchange("log abc"), VsockOutcome::kNotSent) << bytes;
  }
}

TEST_F(VsockChannelTest, RequestWithoutACorrectAnswerMayHaveBeenActedOn) {
  const std::string kAnswers[] = {
      "",
      Packet("1 ok").substr(0, 20),
      Bytes({0xffffffff}),
      Bytes({65581}),
      Bytes({16, 1, 1, 1, 0}),
      Bytes({16, 1, 1, 2, 0}),
      Bytes({33, 1, 1, 1, 0, 2, 2, 100}, "12345"),
      Bytes({32, 1, 1, 1, 0, 1, 1, 1, 0}),
      Bytes({16, 3, 1, 1, 0}),
  };
  for (const std::string& answer : kAnswers) {
    calls_.answer = answer;
    EXPECT_EQ(Exchange("log abc"), VsockOutcome::kNoAnswer);
  }
  calls_.answers = false;
  calls_.answer.clear();
  EXPECT_EQ(Exchange("log abc"), VsockOutcome::kNoAnswer);
}

TEST_F(VsockChannelTest, SlowHostIsWaitedForAndNotLongerThanForAWholeMessage) {
  calls_.part = 1;
  calls_.pause_ms = 40;
  ASSERT_EQ(Exchange("log abc"), VsockOutcome::kDone);
  calls_.pause_ms = 1000;
  calls_.now_ms = 0;
  EXPECT_EQ(Exchange("log abc"), VsockOutcome::kNotSent);
  EXPECT_EQ(calls_.now_ms, VsockChannel::kAnswerPatienceMs);
}

TEST_F(VsockChannelTest, AnswerThatComesAByteAtATimeIsNotWaitedForWithoutEnd) {
  calls_.pause_ms = 300;
  calls_.part = 20;
  calls_.answer = Packet("1 " + std::string(1000, 'x'));
  // The request takes three parts.
  EXPECT_EQ(Exchange("log abc"), VsockOutcome::kNoAnswer);
  EXPECT_EQ(calls_.now_ms, 4 * 300 + VsockChannel::kAnswerPatienceMs);
}

TEST_F(VsockChannelTest, FieldsComeInAnyOrderAndUnknownOnesAreSkipped) {
  calls_.answer =
      Bytes({59, 1, 9, 5, 5, 2, 2, 1}, "1") + Bytes({2, 8, 2}, "ab") + Bytes({1, 1, 1, 0});
  EXPECT_EQ(Exchange("log abc"), VsockOutcome::kDone);
  EXPECT_EQ(answer_, "1");
}

}  // namespace
}  // namespace toolboxd::rpctool
