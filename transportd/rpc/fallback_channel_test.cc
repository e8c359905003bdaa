// SPDX-License-Identifier: Apache-2.0

#include "transportd/rpc/fallback_channel.h"

#include <deque>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Either carrier.
class FakeCarrier final : public PushChannel {
 public:
  explicit FakeCarrier(std::string name) : name_(std::move(name)) {}

  // Refuses to open.
  bool refuses = false;
  // Does not decide.
  bool undecided = false;
  // The error of the next Send() or Receive().
  absl::Status broken;
  std::deque<std::string> incoming;
  std::vector<std::string> sent;
  int opens = 0;

  absl::Status Open() override {
    const auto opened = TryOpen();
    return opened.status();
  }
  absl::StatusOr<bool> TryOpen() override {
    if (open_) return true;
    ++opens;
    if (refuses) return absl::UnavailableError(name_ + " refused");
    open_ = !undecided;
    return open_;
  }
  void Close() override { open_ = false; }
  bool is_open() const override { return open_; }
  absl::Status Send(absl::string_view message) override {
    if (broken.ok()) sent.emplace_back(message);
    return std::exchange(broken, absl::OkStatus());
  }
  absl::StatusOr<std::string> Receive() override {
    if (!broken.ok()) return std::exchange(broken, absl::OkStatus());
    if (incoming.empty()) return std::string();
    std::string message = incoming.front();
    incoming.pop_front();
    return message;
  }
  std::string Describe() const override { return name_; }

 private:
  const std::string name_;
  bool open_ = false;
};

class FallbackChannelTest : public ::testing::Test {
 protected:
  FallbackChannelTest() {
    tclo_.set_on_change([this] { ++changes_; });
  }
  // One round of a TCLO channel on which the host has nothing to say.
  void Idle(absl::Duration time) {
    now_ += time;
    EXPECT_TRUE(tclo_.Send("").ok());
    EXPECT_EQ(tclo_.Receive().value(), "");
  }

  absl::Time now_ = absl::FromUnixSeconds(1000);
  std::function<absl::Time()> clock_ = [this] { return now_; };
  FakeCarrier vsock_{"vsock"};
  FakeCarrier backdoor_{"backdoor"};
  FallbackChannel tclo_{Protocol::kTclo, &vsock_, &backdoor_, clock_};
  FallbackChannel rpci_{Protocol::kRpci, &vsock_, &backdoor_, clock_};
  int changes_ = 0;
};

TEST_F(FallbackChannelTest, VsockIsPreferred) {
  ASSERT_TRUE(tclo_.Open().ok());
  EXPECT_EQ(tclo_.Describe(), "vsock");
  EXPECT_EQ(tclo_.Reason(), "");
  EXPECT_EQ(backdoor_.opens, 0);
}

TEST_F(FallbackChannelTest, RefusedVsockIsReplacedByTheBackdoorAndNamed) {
  vsock_.refuses = true;
  ASSERT_TRUE(tclo_.Open().ok());
  EXPECT_EQ(tclo_.Describe(), "backdoor");
  EXPECT_EQ(tclo_.Reason(), "vsock refused");
}

TEST_F(FallbackChannelTest, ForbiddenCarrierIsNotTouched) {
  FallbackChannel only_backdoor(Protocol::kTclo, nullptr, &backdoor_, clock_);
  ASSERT_TRUE(only_backdoor.Open().ok());
  EXPECT_EQ(only_backdoor.Describe(), "backdoor");
  EXPECT_EQ(only_backdoor.Reason(), "");
  EXPECT_EQ(vsock_.opens, 0);
  FallbackChannel only_vsock(Protocol::kTclo, &vsock_, nullptr, clock_);
  ASSERT_TRUE(only_vsock.Open().ok());
  vsock_.refuses = true;
  EXPECT_THAT(only_vsock.Open().message(), HasSubstr("vsock refused"));
  EXPECT_EQ(backdoor_.opens, 1);
}

TEST_F(FallbackChannelTest, VsockIsTriedAgainAfterTwoSecondsDoubledToAMinute) {
  vsock_.refuses = true;
  ASSERT_TRUE(tclo_.Open().ok());
  std::vector<int64_t> gaps;
  absl::Time last = now_;
  while (gaps.size() < 8) {
    const int opens = vsock_.opens;
    Idle(absl::Milliseconds(100));
    if (vsock_.opens == opens) continue;
    gaps.push_back(absl::ToInt64Milliseconds(now_ - last));
    last = now_;
  }
  EXPECT_THAT(gaps, ElementsAre(2000, 4000, 8000, 16000, 32000, 60000, 60000, 60000));
  EXPECT_EQ(changes_, 0);
}

TEST_F(FallbackChannelTest, HostThatOffersVsockLaterIsNoticed) {
  vsock_.refuses = true;
  ASSERT_TRUE(tclo_.Open().ok());
  vsock_.refuses = false;
  Idle(absl::Seconds(1));
  EXPECT_EQ(tclo_.Describe(), "backdoor");
  Idle(absl::Seconds(1));
  EXPECT_EQ(tclo_.Describe(), "vsock");
  EXPECT_EQ(tclo_.Reason(), "");
  EXPECT_FALSE(backdoor_.is_open());
  EXPECT_EQ(changes_, 1);
}

TEST_F(FallbackChannelTest, BackdoorIsPolledWhileTheHostDecides) {
  vsock_.refuses = true;
  ASSERT_TRUE(tclo_.Open().ok());
  vsock_.refuses = false;
  vsock_.undecided = true;
  Idle(absl::Seconds(2));
  backdoor_.incoming = {"ping"};
  ASSERT_TRUE(tclo_.Send("").ok());
  EXPECT_EQ(tclo_.Receive().value(), "ping");
  vsock_.undecided = false;
  // The answer goes where the command came from.
  ASSERT_TRUE(tclo_.Send("OK ").ok());
  EXPECT_EQ(backdoor_.sent.back(), "OK ");
  EXPECT_TRUE(vsock_.sent.empty());
  Idle(absl::Seconds(1));
  EXPECT_EQ(tclo_.Describe(), "vsock");
}

TEST_F(FallbackChannelTest, BusyChannelStaysWhereItIs) {
  vsock_.refuses = true;
  ASSERT_TRUE(tclo_.Open().ok());
  vsock_.refuses = false;
  for (int i = 0; i < 100; ++i) {
    backdoor_.incoming = {"Vix_1_Relayed_Command"};
    now_ += absl::Milliseconds(100);
    ASSERT_TRUE(tclo_.Send("").ok());
    EXPECT_EQ(tclo_.Receive().value(), "Vix_1_Relayed_Command");
    ASSERT_TRUE(tclo_.Send("OK ").ok());
    EXPECT_EQ(tclo_.Receive().value(), "");
  }
  EXPECT_EQ(tclo_.Describe(), "backdoor");
  Idle(absl::Milliseconds(500));
  EXPECT_EQ(tclo_.Describe(), "vsock");
}

TEST_F(FallbackChannelTest, ChannelStaysWhereItIsDuringASnapshot) {
  bool frozen = true;
  tclo_.set_may_change([&] { return !frozen; });
  vsock_.refuses = true;
  ASSERT_TRUE(tclo_.Open().ok());
  vsock_.refuses = false;
  Idle(absl::Minutes(1));
  EXPECT_EQ(vsock_.opens, 1);
  frozen = false;
  Idle(absl::ZeroDuration());
  EXPECT_EQ(tclo_.Describe(), "vsock");
}

TEST_F(FallbackChannelTest, BrokenVsockIsTriedOnceMoreAndThenTheBackdoorIsUsed) {
  ASSERT_TRUE(tclo_.Open().ok());
  now_ += absl::Seconds(20);
  vsock_.broken = absl::UnavailableError("reset");
  EXPECT_FALSE(tclo_.Receive().ok());
  ASSERT_TRUE(tclo_.Open().ok());
  EXPECT_EQ(tclo_.Describe(), "vsock");
  // It has not proven itself since.
  now_ += absl::Seconds(1);
  vsock_.broken = absl::UnavailableError("reset");
  EXPECT_FALSE(tclo_.Send("").ok());
  ASSERT_TRUE(tclo_.Open().ok());
  EXPECT_EQ(tclo_.Describe(), "backdoor");
  EXPECT_EQ(tclo_.Reason(), "reset");
}

TEST_F(FallbackChannelTest, HostThatBreaksTheProtocolIsLeftAtOnce) {
  for (const absl::Status& error :
       {absl::DataLossError("garbage"), absl::DeadlineExceededError("silent")}) {
    FallbackChannel channel(Protocol::kTclo, &vsock_, &backdoor_, clock_);
    ASSERT_TRUE(channel.Open().ok());
    now_ += absl::Minutes(1);
    vsock_.broken = error;
    EXPECT_FALSE(channel.Receive().ok());
    ASSERT_TRUE(channel.Open().ok());
    EXPECT_EQ(channel.Describe(), "backdoor");
  }
}

TEST_F(FallbackChannelTest, HostThatTakesConnectionsAndEndsThemIsNotAskedInATightLoop) {
  ASSERT_TRUE(tclo_.Open().ok());
  const absl::Time begin = now_;
  while (now_ - begin < absl::Minutes(10)) {
    if (tclo_.Describe() == "vsock") vsock_.broken = absl::UnavailableError("reset");
    now_ += absl::Milliseconds(100);
    if (!tclo_.Receive().ok()) {
      ASSERT_TRUE(tclo_.Open().ok());
    }
  }
  // 2 at once, then after 2, 4, 8, 16, 32, 60, 60 s and so on.
  EXPECT_LE(vsock_.opens, 16);
}

TEST_F(FallbackChannelTest, WithoutAnyOtherWayVsockIsTriedEachTime) {
  vsock_.refuses = backdoor_.refuses = true;
  for (int i = 1; i <= 5; ++i) {
    const absl::Status status = tclo_.Open();
    EXPECT_THAT(status.message(), HasSubstr("backdoor refused; vsock refused"));
    EXPECT_EQ(vsock_.opens, i);
  }
  vsock_.refuses = false;
  ASSERT_TRUE(tclo_.Open().ok());
  EXPECT_EQ(tclo_.Describe(), "vsock");
}

TEST_F(FallbackChannelTest, HostThatHasChangedIsTriedWithinASecond) {
  vsock_.refuses = true;
  ASSERT_TRUE(tclo_.Open().ok());
  for (int i = 0; i < 3; ++i) Idle(absl::Seconds(61));
  vsock_.refuses = false;
  tclo_.ExpectChange();
  Idle(absl::Milliseconds(999));
  EXPECT_EQ(tclo_.Describe(), "backdoor");
  Idle(absl::Milliseconds(1));
  EXPECT_EQ(tclo_.Describe(), "vsock");
}

TEST_F(FallbackChannelTest, RequestReturnsToVsockBeforeItIsSent) {
  vsock_.refuses = true;
  ASSERT_TRUE(rpci_.Open().ok());
  ASSERT_TRUE(rpci_.Send("log a").ok());
  vsock_.refuses = false;
  ASSERT_TRUE(rpci_.Send("log b").ok());
  now_ += absl::Seconds(2);
  ASSERT_TRUE(rpci_.Send("log c").ok());
  EXPECT_THAT(backdoor_.sent, ElementsAre("log a", "log b"));
  EXPECT_THAT(vsock_.sent, ElementsAre("log c"));
}

TEST_F(FallbackChannelTest, TooLongMessageBreaksNothing) {
  ASSERT_TRUE(rpci_.Open().ok());
  vsock_.broken = absl::InvalidArgumentError("too long");
  EXPECT_TRUE(absl::IsInvalidArgument(rpci_.Send("x")));
  ASSERT_TRUE(rpci_.Send("x").ok());
  EXPECT_EQ(rpci_.Describe(), "vsock");
}

}  // namespace
}  // namespace toolboxd
