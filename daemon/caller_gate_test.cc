// SPDX-License-Identifier: Apache-2.0

#include "daemon/caller_gate.h"

#include <string>

#include "daemon/testing/frame_encoder.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

constexpr size_t kMaxCalls = 8;
constexpr uint8_t kPing = 6;

// A frame with some content.
std::string Encode(uint8_t type, uint8_t flags, uint32_t stream) {
  return EncodeFrame(type, flags, stream, "x");
}

class CallerGateTest : public testing::Test {
 protected:
  CallerGateTest() {
    EXPECT_TRUE(gate_.FromCaller(std::string(kPrefaceBytes, 'p'), now_).ok());
    EXPECT_TRUE(Send(kSettings, 0, 0));
  }

  // Whether the gate lets it pass.
  bool Send(uint8_t type, uint8_t flags, uint32_t stream) {
    return gate_.FromCaller(Encode(type, flags, stream), now_).ok();
  }
  bool BeginCall() { return Send(Frame::kHeaders, kEndHeaders, next_ += 2); }
  void BeginAll() {
    for (size_t i = 0; i < kMaxCalls; ++i) ASSERT_TRUE(BeginCall());
  }

  absl::Time now_ = absl::UnixEpoch();
  CallerGate gate_{kMaxCalls, [](absl::Time) { return true; }};
  uint32_t next_ = 1;
};

// T3 of tests/attacks/README.md: settings that are not confirmed limit nothing.
TEST_F(CallerGateTest, CallsAtATimeAreLimited) {
  BeginAll();
  EXPECT_EQ(gate_.Calls(now_), kMaxCalls);
  // The end of the caller's part, and messages, end no call.
  EXPECT_TRUE(Send(Frame::kData, Frame::kEndStream, 3));
  EXPECT_FALSE(BeginCall());
}

TEST_F(CallerGateTest, CallThatTheServerHasEndedMakesPlaceForAnother) {
  BeginAll();
  gate_.FromServer(Encode(Frame::kHeaders, kEndHeaders, 3) + Encode(Frame::kData, 0, 3), now_);
  EXPECT_EQ(gate_.Calls(now_), kMaxCalls);
  gate_.FromServer(Encode(Frame::kHeaders, kEndHeaders | Frame::kEndStream, 3) +
                       Encode(Frame::kData, Frame::kEndStream, 7),
                   now_);
  EXPECT_EQ(gate_.Calls(now_), kMaxCalls - 2);
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(BeginCall());
  EXPECT_FALSE(BeginCall());
}

// Y1 of tests/attacks/README.md: at a deadline, or for what the caller sent.
TEST_F(CallerGateTest, CallThatTheServerHasResetKeepsItsPlaceForAMoment) {
  BeginAll();
  gate_.FromServer(Encode(Frame::kReset, 0, 3), now_);
  const std::string end = Encode(Frame::kHeaders, kEndHeaders | Frame::kEndStream, 5);
  gate_.FromServer(end + Encode(Frame::kReset, 0, 5), now_);
  // These are of no call.
  for (const uint32_t stream : {3, 5, 4711}) {
    gate_.FromServer(Encode(Frame::kReset, 0, stream), now_);
  }
  EXPECT_EQ(gate_.Calls(now_), kMaxCalls);
  EXPECT_EQ(gate_.resets(), 2u);
  now_ += kAfterReset;
  EXPECT_EQ(gate_.Calls(now_), kMaxCalls - 2);
}

TEST_F(CallerGateTest, CallThatIsGivenUpKeepsItsPlaceForAMoment) {
  BeginAll();
  EXPECT_TRUE(Send(Frame::kReset, 0, 3));
  EXPECT_TRUE(Send(Frame::kReset, 0, 3));
  EXPECT_TRUE(Send(Frame::kReset, 0, 4711));
  now_ += kAfterReset / 2;
  EXPECT_TRUE(Send(Frame::kReset, 0, 5));
  EXPECT_EQ(gate_.Calls(now_), kMaxCalls);
  now_ += kAfterReset / 2;
  EXPECT_TRUE(BeginCall());
  EXPECT_FALSE(BeginCall());
}

TEST_F(CallerGateTest, EndOfTheConnectionGivesItsCallsUp) {
  ASSERT_TRUE(BeginCall());
  ASSERT_TRUE(BeginCall());
  gate_.FromServer(Encode(Frame::kHeaders, kEndHeaders | Frame::kEndStream, next_), now_);
  gate_.End(now_);
  now_ += kAfterReset / 2;
  gate_.End(now_);
  EXPECT_EQ(gate_.Calls(now_), 1);
  now_ += kAfterReset / 2;
  EXPECT_EQ(gate_.Calls(now_), 0);
}

TEST_F(CallerGateTest, CallersMayCallForever) {
  for (int i = 0; i < 100000; ++i) {
    ASSERT_TRUE(BeginCall());
    ASSERT_TRUE(Send(Frame::kData, Frame::kEndStream, next_));
    ASSERT_TRUE(Send(Frame::kWindowUpdate, 0, 0));
    gate_.FromServer(Encode(Frame::kHeaders, kEndHeaders | Frame::kEndStream, next_), now_);
  }
  EXPECT_EQ(gate_.Calls(now_), 0);
}

TEST_F(CallerGateTest, FramesOfNoCallAreLimited) {
  for (const uint8_t type : {kSettings, kPing, uint8_t{2}, uint8_t{7}, uint8_t{9}, uint8_t{200}}) {
    CallerGate gate(kMaxCalls, [](absl::Time) { return true; });
    ASSERT_TRUE(gate.FromCaller(std::string(kPrefaceBytes, 'p'), now_).ok());
    int passed = 0;
    while (passed < 1000 && gate.FromCaller(Encode(type, 0, 0), now_).ok()) ++passed;
    EXPECT_EQ(passed, 50) << int{type};
  }
}

TEST_F(CallerGateTest, TenFramesOfNoCallASecondMayComeForever) {
  for (int i = 0; i < 10000; ++i) {
    now_ += absl::Milliseconds(100);
    ASSERT_TRUE(Send(kPing, 0, 0));
  }
}

TEST_F(CallerGateTest, HeadersOfACallThatIsThereAlreadyBelongToNone) {
  ASSERT_TRUE(BeginCall());
  int passed = 0;
  while (passed < 1000 && Send(Frame::kHeaders, kEndHeaders, next_)) ++passed;
  // The first one was the settings.
  EXPECT_EQ(passed, 49);
  EXPECT_EQ(gate_.Calls(now_), 1);
}

}  // namespace
}  // namespace toolboxd
