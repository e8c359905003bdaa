// SPDX-License-Identifier: Apache-2.0

#include "transportd/backdoor/message_channel.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/testing/fake_host.h"

namespace toolboxd::backdoor {
namespace {

// One step of the register traces in docs/protocol/transport.md 1.13.1. An input that is not given
// is undefined there; an output that is not given leaves the register alone.
struct TraceStep {
  enum Kind { kIn, kHbOut, kHbIn } kind = kIn;
  std::optional<uint32_t> bx, cx, dx, si, di, bp;
  std::optional<uint32_t> out_bx, out_cx, out_dx, out_si, out_di;
  // The bytes that a high-bandwidth step carries.
  std::string payload;
};

// Compares every call with a trace and answers from it.
class TracePort final : public Port {
 public:
  explicit TracePort(std::vector<TraceStep> steps) : steps_(std::move(steps)) {}
  ~TracePort() override { EXPECT_EQ(next_, steps_.size()) << "steps that were not taken"; }

  void In(Registers& registers) override { Play(registers, TraceStep::kIn); }
  void HighBandwidthOut(Registers& registers) override {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a register holds an address
    const char* buffer = reinterpret_cast<const char*>(registers.si);
    ASSERT_LT(next_, steps_.size());
    EXPECT_EQ(std::string(buffer, registers.cx), steps_[next_].payload);
    Play(registers, TraceStep::kHbOut);
  }
  void HighBandwidthIn(Registers& registers) override {
    if (next_ < steps_.size()) {
      ASSERT_EQ(registers.cx, steps_[next_].payload.size());
      // NOLINTNEXTLINE(performance-no-int-to-ptr): a register holds an address
      char* buffer = reinterpret_cast<char*>(registers.di);
      std::copy(steps_[next_].payload.begin(), steps_[next_].payload.end(), buffer);
    }
    Play(registers, TraceStep::kHbIn);
  }

 private:
  static void Check(const char* name, std::optional<uint32_t> want, uint64_t got) {
    EXPECT_EQ(static_cast<uint32_t>(got), want.value_or(static_cast<uint32_t>(got))) << name;
  }
  static void Put(std::optional<uint32_t> value, uint64_t& target) {
    if (value) target = *value;
  }
  void Play(Registers& registers, TraceStep::Kind kind) {
    SCOPED_TRACE("step " + std::to_string(next_));
    ASSERT_LT(next_, steps_.size());
    const TraceStep& step = steps_[next_++];
    EXPECT_EQ(kind, step.kind);
    EXPECT_EQ(registers.ax, 0x564d5868u);
    Check("ebx", step.bx, registers.bx);
    Check("ecx", step.cx, registers.cx);
    Check("edx", step.dx, registers.dx);
    Check("esi", step.si, registers.si);
    Check("edi", step.di, registers.di);
    Check("ebp", step.bp, registers.bp);
    Put(step.out_bx, registers.bx);
    Put(step.out_cx, registers.cx);
    Put(step.out_dx, registers.dx);
    Put(step.out_si, registers.si);
    Put(step.out_di, registers.di);
  }

  std::vector<TraceStep> steps_;
  size_t next_ = 0;
};

constexpr uint32_t kHigh = 0xaaaa0001;
constexpr uint32_t kLow = 0xbbbb0002;

TraceStep Step(std::optional<uint32_t> bx, uint32_t cx, std::optional<uint32_t> out_bx,
               uint32_t out_cx, std::optional<uint32_t> out_dx = std::nullopt) {
  TraceStep step;
  step.bx = bx;
  step.cx = cx;
  step.dx = 0x00035658;
  step.si = kHigh;
  step.di = kLow;
  step.out_bx = out_bx;
  step.out_cx = out_cx;
  step.out_dx = out_dx;
  return step;
}

TraceStep OpenStep(uint32_t bx = 0xc9435052) {
  TraceStep step;
  step.bx = bx;
  step.cx = 0x0000001e;
  step.out_bx = bx;
  step.out_cx = 0x0001001e;
  step.out_dx = 0x00035658;
  step.out_si = kHigh;
  step.out_di = kLow;
  return step;
}

TraceStep CloseStep() { return Step(std::nullopt, 0x0006001e, std::nullopt, 0x0001001e); }

TEST(MessageChannel, LowBandwidthExchangeEqualsTheTrace) {
  TracePort port({
      OpenStep(),
      Step(0x00000007, 0x0001001e, 0x00000007, 0x0001001e, 0x00035658),
      Step(0x676e6970, 0x0002001e, std::nullopt, 0x0001001e),
      Step(0x00323120, 0x0002001e, std::nullopt, 0x0001001e),
      Step(std::nullopt, 0x0003001e, 0x00000005, 0x0003001e, 0x00015658),
      Step(0x00000001, 0x0004001e, 0x6f662031, 0x0001001e, 0x00025658),
      Step(0x00000001, 0x0004001e, 0x0000006f, 0x0001001e, 0x00025658),
      Step(0x00000001, 0x0005001e, std::nullopt, 0x0001001e),
      CloseStep(),
  });
  MessageChannel channel(&port, kProtocolRpci);
  ASSERT_TRUE(channel.Open().ok());
  ASSERT_TRUE(channel.Send("ping 12").ok());
  EXPECT_EQ(*channel.Receive(), "1 foo");
  EXPECT_FALSE(channel.high_bandwidth());
}

TEST(MessageChannel, HighBandwidthExchangeEqualsTheTrace) {
  TraceStep out;
  out.kind = TraceStep::kHbOut;
  out.bx = 0x00010000;
  out.cx = 7;
  out.dx = 0x00035659;
  out.di = kLow;
  out.bp = kHigh;
  out.out_bx = 0x00010000;
  out.payload = "ping 12";
  TraceStep in;
  in.kind = TraceStep::kHbIn;
  in.bx = 0x00010000;
  in.cx = 5;
  in.dx = 0x00035659;
  in.si = kHigh;
  in.bp = kLow;
  in.out_bx = 0x00010000;
  in.payload = "1 foo";
  TracePort port({
      OpenStep(),
      Step(0x00000007, 0x0001001e, 0x00000007, 0x0081001e, 0x00035658),
      out,
      Step(std::nullopt, 0x0003001e, 0x00000005, 0x0083001e, 0x00015658),
      in,
      Step(0x00000001, 0x0005001e, std::nullopt, 0x0001001e),
      CloseStep(),
  });
  MessageChannel channel(&port, kProtocolRpci);
  ASSERT_TRUE(channel.Open().ok());
  ASSERT_TRUE(channel.Send("ping 12").ok());
  EXPECT_EQ(*channel.Receive(), "1 foo");
  EXPECT_TRUE(channel.high_bandwidth());
}

TEST(MessageChannel, EmptyPollIsTwoSteps) {
  TracePort port({
      OpenStep(0xcf4c4354),
      Step(0x00000000, 0x0001001e, std::nullopt, 0x0001001e),
      Step(std::nullopt, 0x0003001e, std::nullopt, 0x0001001e),
      CloseStep(),
  });
  MessageChannel channel(&port, kProtocolTclo);
  ASSERT_TRUE(channel.Open().ok());
  ASSERT_TRUE(channel.Send("").ok());
  EXPECT_EQ(*channel.Receive(), "");
}

TEST(MessageChannel, CheckpointDuringSendRestartsTheMessage) {
  TracePort port({
      OpenStep(),
      Step(0x00000007, 0x0001001e, std::nullopt, 0x0001001e),
      Step(0x676e6970, 0x0002001e, std::nullopt, 0x0001001e),
      Step(0x00323120, 0x0002001e, std::nullopt, 0x0010001e),
      Step(0x00000007, 0x0001001e, std::nullopt, 0x0001001e),
      Step(0x676e6970, 0x0002001e, std::nullopt, 0x0001001e),
      Step(0x00323120, 0x0002001e, std::nullopt, 0x0001001e),
      CloseStep(),
  });
  MessageChannel channel(&port, kProtocolRpci);
  ASSERT_TRUE(channel.Open().ok());
  EXPECT_TRUE(channel.Send("ping 12").ok());
}

TEST(MessageChannel, OpensWithoutCookieWhereTheHostKnowsNone) {
  FakeHost host;
  host.cookies = false;
  MessageChannel channel(&host, kProtocolRpci);
  ASSERT_TRUE(channel.Open().ok());
  ASSERT_TRUE(channel.Send("log x").ok());
  EXPECT_EQ(*channel.Receive(), "1 ");
}

// A checkpoint at any single step changes nothing but the number of steps.
class Checkpoints : public testing::TestWithParam<bool> {};

TEST_P(Checkpoints, MessageArrivesOnceWhateverStepIsInterrupted) {
  for (int step = 1; step <= 40; ++step) {
    FakeHost host;
    host.high_bandwidth = GetParam();
    host.checkpoint_at_step = step;
    host.on_rpci = [](const std::string& request) { return absl::StrCat("1 ", request, request); };
    MessageChannel channel(&host, kProtocolRpci);
    ASSERT_TRUE(channel.Open().ok()) << step;
    ASSERT_TRUE(channel.Send("a request of some words").ok()) << step;
    const auto reply = channel.Receive();
    ASSERT_TRUE(reply.ok()) << step << reply.status();
    EXPECT_EQ(*reply, "1 a request of some wordsa request of some words");
    EXPECT_EQ(host.rpci_requests.size(), 1u) << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Bandwidth, Checkpoints, testing::Bool());

// A host has 128 of them.
TEST(MessageChannel, CheckpointAtTheCloseLeavesNoChannelOpen) {
  FakeHost host;
  MessageChannel channel(&host, kProtocolRpci);
  ASSERT_TRUE(channel.Open().ok());
  host.checkpoint_at_step = host.steps + 1;
  channel.Close();
  EXPECT_EQ(host.open_channels(), 0u);
}

TEST(MessageChannel, EndlessCheckpointsAreAnError) {
  FakeHost host;
  MessageChannel channel(&host, kProtocolRpci);
  ASSERT_TRUE(channel.Open().ok());
  host.checkpoint_always = true;
  EXPECT_TRUE(absl::IsUnavailable(channel.Send("ping")));
  EXPECT_TRUE(absl::IsUnavailable(channel.Receive().status()));
  EXPECT_TRUE(absl::IsUnavailable(channel.Open()));
  EXPECT_LE(host.steps, 5 * MessageChannel::kMaxRestarts);
}

// A host that is reached by a hypercall, and offers high bandwidth all the same.
class VmcallHost final : public Port {
 public:
  void In(Registers& registers) override { host_.In(registers); }
  void HighBandwidthOut(Registers&) override { ADD_FAILURE(); }
  void HighBandwidthIn(Registers&) override { ADD_FAILURE(); }
  bool high_bandwidth() const override { return false; }
  const char* instruction() const override { return "vmcall"; }

 private:
  FakeHost host_;
};

TEST(MessageChannel, DescriptionNamesTheInstructionThatIsNotThePort) {
  VmcallHost host;
  MessageChannel channel(&host, kProtocolRpci);
  EXPECT_EQ(channel.Describe(), "backdoor");
  ASSERT_TRUE(channel.Open().ok());
  ASSERT_TRUE(channel.Send("log it").ok());
  EXPECT_EQ(channel.Describe(), "backdoor, low bandwidth, by vmcall");
}

TEST(MessageChannel, AllTailLengthsArriveUnchanged) {
  for (const bool high_bandwidth : {false, true}) {
    FakeHost host;
    host.high_bandwidth = high_bandwidth;
    host.on_rpci = [](const std::string& request) { return request; };
    MessageChannel channel(&host, kProtocolRpci);
    ASSERT_TRUE(channel.Open().ok());
    for (const size_t size : {1, 2, 3, 4, 5, 6, 7, 8, 1000, 65535, 65536}) {
      std::string message(size, 'x');
      for (size_t i = 0; i < size; ++i) message[i] = static_cast<char>(i * 7 + 1);
      ASSERT_TRUE(channel.Send(message).ok()) << size;
      EXPECT_EQ(*channel.Receive(), message) << size;
    }
  }
}

TEST(MessageChannel, MessageTooLongToSendIsRefusedWithoutAStep) {
  FakeHost host;
  MessageChannel channel(&host, kProtocolRpci);
  ASSERT_TRUE(channel.Open().ok());
  const int steps = host.steps;
  EXPECT_TRUE(absl::IsInvalidArgument(channel.Send(std::string(65537, 'x'))));
  EXPECT_EQ(host.steps, steps);
}

// Receives what the host sends in these steps, which is refused.
void ExpectRefused(std::vector<TraceStep> steps) {
  steps.insert(steps.begin(), OpenStep());
  steps.push_back(CloseStep());
  TracePort port(std::move(steps));
  MessageChannel channel(&port, kProtocolRpci);
  ASSERT_TRUE(channel.Open().ok());
  EXPECT_TRUE(absl::IsDataLoss(channel.Receive().status()));
}

TEST(MessageChannel, MessageTooLongFromTheHostIsRefusedWithoutAllocating) {
  ExpectRefused({
      Step(std::nullopt, 0x0003001e, 0xffffffff, 0x0083001e, 0x00015658),
      Step(0x00000000, 0x0004001e, std::nullopt, 0x0001001e),
  });
}

TEST(MessageChannel, WrongTypeOfSizeIsRefused) {
  ExpectRefused({
      Step(std::nullopt, 0x0003001e, 0x00000000, 0x0003001e, 0x00055658),
      Step(0x00000000, 0x0005001e, std::nullopt, 0x0001001e),
  });
}

TEST(MessageChannel, WrongTypeOfPayloadIsRefused) {
  ExpectRefused({
      Step(std::nullopt, 0x0003001e, 0x00000008, 0x0003001e, 0x00015658),
      Step(0x00000001, 0x0004001e, 0x41414141, 0x0001001e, 0x00025658),
      Step(0x00000001, 0x0004001e, 0x41414141, 0x0001001e, 0x00015658),
      Step(0x00000000, 0x0004001e, std::nullopt, 0x0001001e),
  });
}

TEST(MessageChannel, LostCookieAndHostGoneAreUnavailable) {
  FakeHost host;
  MessageChannel channel(&host, kProtocolRpci);
  EXPECT_TRUE(absl::IsUnavailable(channel.Send("ping")));
  ASSERT_TRUE(channel.Open().ok());
  host.ForgetChannels();
  EXPECT_TRUE(absl::IsUnavailable(channel.Send("ping")));
  EXPECT_TRUE(absl::IsUnavailable(channel.Receive().status()));
  host.gone = true;
  EXPECT_TRUE(absl::IsUnavailable(channel.Open()));
  EXPECT_FALSE(channel.is_open());
}

TEST(MessageChannel, ClosesWhenDestroyed) {
  FakeHost host;
  {
    MessageChannel channel(&host, kProtocolRpci);
    ASSERT_TRUE(channel.Open().ok());
    ASSERT_TRUE(channel.Open().ok());
    EXPECT_EQ(host.open_channels(), 1u);
  }
  EXPECT_EQ(host.open_channels(), 0u);
}

}  // namespace
}  // namespace toolboxd::backdoor
