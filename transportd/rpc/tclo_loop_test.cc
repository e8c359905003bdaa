// SPDX-License-Identifier: Apache-2.0

#include "transportd/rpc/tclo_loop.h"

#include <functional>
#include <vector>

#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "transportd/backdoor/message_channel.h"
#include "transportd/backdoor/testing/fake_host.h"

namespace toolboxd {
namespace {

using backdoor::FakeHost;

class TcloLoopTest : public testing::Test {
 protected:
  TcloEvents Events() {
    return {.answer =
                [this](absl::string_view request) {
                  requests_.emplace_back(request);
                  TcloReply reply = TcloReply::Ok(answer_);
                  reply.pace = pace_;
                  reply.after_reply = after_reply_;
                  return reply;
                },
            .on_open = [this] { ++opened_; },
            .on_error = [this](const absl::Status&) { ++errors_; }};
  }

  FakeHost host_;
  backdoor::MessageChannel channel_{&host_, backdoor::kProtocolTclo};
  // What follows "OK ".
  std::string answer_;
  Pace pace_ = Pace::kOrdinary;
  std::function<void()> after_reply_;
  std::vector<std::string> requests_;
  int opened_ = 0;
  int errors_ = 0;
};

TEST_F(TcloLoopTest, IdlePollIsOneSendAndOneReceive) {
  TcloLoop loop(&channel_, Events());
  EXPECT_EQ(loop.Poll(), absl::Milliseconds(10));
  const int steps = host_.steps;
  loop.Poll();
  EXPECT_EQ(host_.steps, steps + 2);
  EXPECT_EQ(host_.polls, 2);
  EXPECT_EQ(opened_, 1);
}

TEST_F(TcloLoopTest, ReplyIsSentWithTheNextPoll) {
  host_.tclo_queue = {"reset", "ping"};
  TcloLoop loop(&channel_, Events());
  answer_ = "ATR toolbox";
  EXPECT_EQ(loop.Poll(), absl::ZeroDuration());
  answer_ = "";
  EXPECT_EQ(loop.Poll(), absl::ZeroDuration());
  EXPECT_EQ(loop.Poll(), absl::Milliseconds(10));
  EXPECT_EQ(requests_, (std::vector<std::string>{"reset", "ping"}));
  EXPECT_EQ(host_.tclo_replies, (std::vector<std::string>{"OK ATR toolbox", "OK "}));
  EXPECT_EQ(host_.polls, 1);
}

TEST_F(TcloLoopTest, DeferredWorkRunsAfterItsReplyAndBeforeTheNextCommand) {
  host_.tclo_queue = {"a", "b"};
  TcloLoop loop(&channel_, Events());
  std::vector<size_t> replies, requests;
  after_reply_ = [&] {
    replies.push_back(host_.tclo_replies.size());
    requests.push_back(requests_.size());
  };
  loop.Poll();
  EXPECT_TRUE(replies.empty());
  after_reply_ = nullptr;
  for (int i = 0; i < 3; ++i) loop.Poll();
  EXPECT_EQ(replies, (std::vector<size_t>{1}));
  EXPECT_EQ(requests, (std::vector<size_t>{1}));
}

TEST_F(TcloLoopTest, ClosePollingBeginsAfterDeferredWork) {
  host_.tclo_queue = {"a"};
  TcloLoop loop(&channel_, Events());
  pace_ = Pace::kGuestOperation;
  after_reply_ = [] { absl::SleepFor(absl::Milliseconds(5)); };
  loop.Poll();
  EXPECT_LT(loop.Poll(), absl::Milliseconds(1));
}

TEST_F(TcloLoopTest, DeferredWorkRunsIfItsReplyIsLost) {
  host_.tclo_queue = {"a"};
  TcloLoop loop(&channel_, Events());
  int runs = 0;
  after_reply_ = [&runs] { ++runs; };
  loop.Poll();
  host_.ForgetChannels();
  EXPECT_EQ(loop.Poll(), absl::Milliseconds(100));
  EXPECT_EQ(runs, 1);
}

TEST_F(TcloLoopTest, TooLongReplyBecomesAnError) {
  host_.tclo_queue = {"x"};
  answer_ = std::string(70000, 'x');
  TcloLoop loop(&channel_, Events());
  loop.Poll();
  loop.Poll();
  EXPECT_EQ(host_.tclo_replies, (std::vector<std::string>{"ERROR Reply too long"}));
  EXPECT_EQ(errors_, 0);
}

TEST_F(TcloLoopTest, LostChannelIsReopenedAndItsReplyDropped) {
  host_.tclo_queue = {"x"};
  TcloLoop loop(&channel_, Events());
  loop.Poll();
  host_.ForgetChannels();
  EXPECT_EQ(loop.Poll(), absl::Milliseconds(100));
  EXPECT_EQ(errors_, 1);
  host_.tclo_queue = {"reset"};
  EXPECT_EQ(loop.Poll(), absl::ZeroDuration());
  EXPECT_EQ(opened_, 2);
  EXPECT_TRUE(host_.tclo_replies.empty());
  EXPECT_EQ(requests_.back(), "reset");
}

TEST_F(TcloLoopTest, LostHostIsTriedEveryFourSecondsWithoutLimit) {
  TcloLoop loop(&channel_, Events());
  loop.Poll();
  host_.gone = true;
  std::vector<int64_t> delays;
  for (int i = 0; i < 9; ++i) delays.push_back(absl::ToInt64Milliseconds(loop.Poll()));
  EXPECT_EQ(delays, (std::vector<int64_t>{100, 200, 400, 800, 1600, 3200, 4000, 4000, 4000}));
  host_.gone = false;
  host_.ForgetChannels();
  EXPECT_EQ(loop.Poll(), absl::Milliseconds(10));
  host_.gone = true;
  EXPECT_EQ(loop.Poll(), absl::Milliseconds(100));
}

TEST_F(TcloLoopTest, HostThatOpensAndRefusesIsNotAskedInATightLoop) {
  host_.refuse_messages = true;
  TcloLoop loop(&channel_, Events());
  std::vector<int64_t> delays;
  for (int i = 0; i < 4; ++i) delays.push_back(absl::ToInt64Milliseconds(loop.Poll()));
  EXPECT_EQ(delays, (std::vector<int64_t>{100, 200, 400, 800}));
  EXPECT_EQ(opened_, 4);
}

// A host that pushes, takes each connection, and ends it some time later.
class EndingHost final : public Channel {
 public:
  EndingHost(absl::Time* now, absl::Duration life) : now_(*now), life_(life) {}

  absl::Status Open() override {
    ++opens;
    opened_ = now_;
    open_ = true;
    return absl::OkStatus();
  }
  void Close() override { open_ = false; }
  bool is_open() const override { return open_; }
  absl::Status Send(absl::string_view) override { return absl::OkStatus(); }
  absl::StatusOr<std::string> Receive() override {
    if (now_ - opened_ >= life_) return absl::UnavailableError("the host closed the connection");
    return std::string();
  }
  Arrival arrival() const override { return {open_ ? 0 : -1, opened_ + life_}; }
  std::string Describe() const override { return "vsock"; }

  int opens = 0;

 private:
  const absl::Time& now_;
  const absl::Duration life_;
  absl::Time opened_;
  bool open_ = false;
};

TEST_F(TcloLoopTest, HostThatTakesAndEndsConnectionsIsNotAskedInATightLoop) {
  const absl::Time begin = absl::FromUnixSeconds(1000);
  absl::Time now = begin;
  EndingHost host(&now, absl::Milliseconds(1));
  TcloLoop loop(&host, Events(), [&now] { return now; });
  while (now < begin + absl::Minutes(1)) now += loop.Poll();
  EXPECT_LE(host.opens, 20);
  // One that serves is soon asked again.
  EndingHost other(&now, TcloLoop::kLastRetry);
  TcloLoop served(&other, Events(), [&now] { return now; });
  while (other.opens < 10) now += served.Poll();
  EXPECT_EQ(served.Poll(), TcloLoop::kFirstRetry);
}

TEST_F(TcloLoopTest, GuestOperationIsFollowedByClosePolling) {
  host_.tclo_queue = {"Vix_1_Relayed_Command x"};
  pace_ = Pace::kGuestOperation;
  TcloLoop loop(&channel_, Events());
  EXPECT_EQ(loop.Poll(), absl::ZeroDuration());
  EXPECT_EQ(loop.Poll(), absl::ZeroDuration());
}

}  // namespace
}  // namespace toolboxd
