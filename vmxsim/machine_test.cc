// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/machine.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace toolboxd::vmxsim {
namespace {

// Answers RPCI messages from `replies` and notes everything.
class FakeListener : public ChannelListener {
 public:
  void OnOpen(int, uint32_t) override { ++opens; }
  void OnMessage(int channel, uint32_t protocol, const std::string& message) override {
    messages.push_back(message);
    if (protocol == kProtocolRpci && machine != nullptr) machine->Queue(channel, reply);
  }
  void OnPoll(int, uint32_t) override { ++polls; }
  void OnFetched(int, uint32_t, bool accepted) override { ++(accepted ? fetched : given_up); }
  void OnClose(int, uint32_t, bool by_guest) override { ++(by_guest ? closes : host_closes); }
  void OnViolation(int, absl::string_view what) override { violations.emplace_back(what); }

  Machine* machine = nullptr;
  std::string reply = "1 foo";
  std::vector<std::string> messages;
  std::vector<std::string> violations;
  int opens = 0;
  int polls = 0;
  int fetched = 0;
  int given_up = 0;
  int closes = 0;
  int host_closes = 0;
};

// A guest at register level, as docs/protocol/transport.md 1.4 describes it.
class MachineTest : public testing::Test {
 protected:
  explicit MachineTest(const FaultOptions& faults = {}) : machine_(&listener_, faults) {
    listener_.machine = &machine_;
  }

  // Channels 0, 1 and 2, so that the next one is the traces' 3.
  void UseUpThreeChannels() {
    for (int i = 0; i < 3; ++i) Open(kProtocolRpci | kCookieFlag);
  }

  Registers Open(uint32_t protocol) {
    Registers registers{kMagic, protocol, 0x0000001e, 0xFFFF5658, 0x11111111, 0x22222222, 0};
    machine_.LowBandwidth(registers);
    edx_ = registers.rdx;
    esi_ = registers.rsi;
    edi_ = registers.rdi;
    return registers;
  }

  Registers Call(MessageStep step, uint64_t ebx = 0) {
    Registers registers{
        kMagic, ebx, (uint64_t{static_cast<uint16_t>(step)} << 16) | 0x1e, edx_, esi_, edi_, 0};
    machine_.LowBandwidth(registers);
    return registers;
  }

  static uint16_t StatusOf(const Registers& registers) {
    return static_cast<uint16_t>(registers.rcx >> 16);
  }

  uint16_t HbOut(const std::string& bytes) {
    Registers registers{
        kMagic,         0x00010000, bytes.size(), (edx_ & 0xFFFF0000) | kHighBandwidthPort,
        0x7f0012345678, edi_,       esi_};
    machine_.HighBandwidthOut(registers, bytes);
    EXPECT_EQ(registers.rsi, 0x7f0012345678 + bytes.size());
    EXPECT_EQ(registers.rcx, 0u);
    return static_cast<uint16_t>(registers.rbx >> 16);
  }

  // Message_Send with restarts; false on failure.
  bool Send(const std::string& message) {
    for (;;) {
      uint16_t status = StatusOf(Call(MessageStep::kSendSize, message.size()));
      if (status & kStatusSuccess) status = SendBody(message, status & kStatusHighBandwidth);
      if (status & kStatusSuccess) return true;
      if (!(status & kStatusCheckpoint)) return false;
    }
  }

  uint16_t SendBody(const std::string& message, bool high_bandwidth) {
    if (high_bandwidth && !message.empty()) return HbOut(message);
    for (size_t i = 0; i < message.size(); i += 4) {
      uint32_t word = 0;
      for (size_t j = i; j < std::min(i + 4, message.size()); ++j) {
        word |= uint32_t{static_cast<uint8_t>(message[j])} << (8 * (j - i));
      }
      const uint16_t status = StatusOf(Call(MessageStep::kSendPayload, word));
      if (!(status & kStatusSuccess)) return status;
    }
    return kStatusSuccess;
  }

  // Message_Receive with restarts. "none" where no message waits, "failed" on an error.
  std::string Receive() {
    for (;;) {
      std::string message;
      const uint16_t status = ReceiveOnce(&message);
      if (status & kStatusSuccess) return message;
      if (!(status & kStatusCheckpoint)) return "failed";
    }
  }

  uint16_t ReceiveOnce(std::string* message) {
    const Registers size = Call(MessageStep::kReceiveSize);
    uint16_t status = StatusOf(size);
    if (!(status & kStatusSuccess)) return status;
    if (!(status & kStatusDoReceive)) {
      *message = "none";
      return kStatusSuccess;
    }
    if (size.rdx >> 16 != kTypeSendSize) return 0;
    status = status & kStatusHighBandwidth ? ReceiveHb(size.rbx, message)
                                           : ReceiveWords(size.rbx, message);
    if (!(status & kStatusSuccess)) return status;
    return StatusOf(Call(MessageStep::kReceiveStatus, 1));
  }

  uint16_t ReceiveHb(uint64_t length, std::string* message) {
    Registers registers{kMagic, 0x00010000,     length, (edx_ & 0xFFFF0000) | kHighBandwidthPort,
                        esi_,   0x7f0012345678, edi_};
    *message = std::string(machine_.HighBandwidthIn(registers));
    EXPECT_EQ(registers.rdi, 0x7f0012345678 + length);
    return static_cast<uint16_t>(registers.rbx >> 16);
  }

  uint16_t ReceiveWords(uint64_t length, std::string* message) {
    while (message->size() < length) {
      const Registers word = Call(MessageStep::kReceivePayload, 1);
      if (!(StatusOf(word) & kStatusSuccess)) return StatusOf(word);
      if (word.rdx >> 16 != kTypeSendPayload) return 0;
      for (int i = 0; i < 4 && message->size() < length; ++i) {
        message->push_back(static_cast<char>(word.rbx >> (8 * i)));
      }
    }
    return kStatusSuccess;
  }

  FakeListener listener_;
  Machine machine_;
  uint64_t edx_ = 0;
  uint64_t esi_ = 0;
  uint64_t edi_ = 0;
};

class LowBandwidthMachineTest : public MachineTest {
 protected:
  LowBandwidthMachineTest() : MachineTest(FaultOptions{.no_high_bandwidth = true}) {}
};

// docs/protocol/transport.md 1.13.1, first trace; cookies are the host's choice.
TEST_F(LowBandwidthMachineTest, PlaysTheTraceOfOneExchange) {
  UseUpThreeChannels();
  Registers r = Open(0xc9435052);
  EXPECT_EQ(r.rbx, 0xc9435052u);
  EXPECT_EQ(r.rcx, 0x0001001eu);
  EXPECT_EQ(r.rdx, 0x00035658u);
  EXPECT_NE(r.rsi, 0x11111111u);

  r = Call(MessageStep::kSendSize, 7);
  EXPECT_EQ(r.rbx, 7u);
  EXPECT_EQ(r.rcx, 0x0001001eu);
  EXPECT_EQ(r.rdx, 0x00035658u);
  EXPECT_EQ(r.rsi, esi_);
  EXPECT_EQ(r.rdi, edi_);
  EXPECT_EQ(Call(MessageStep::kSendPayload, 0x676e6970).rcx, 0x0001001eu);
  EXPECT_EQ(Call(MessageStep::kSendPayload, 0x00323120).rcx, 0x0001001eu);
  EXPECT_EQ(listener_.messages, std::vector<std::string>{"ping 12"});

  r = Call(MessageStep::kReceiveSize, 0x77777777);
  EXPECT_EQ(r.rbx, 5u);
  EXPECT_EQ(r.rcx, 0x0003001eu);
  EXPECT_EQ(r.rdx, 0x00015658u);
  r = Call(MessageStep::kReceivePayload, 1);
  EXPECT_EQ(r.rbx, 0x6f662031u);
  EXPECT_EQ(r.rcx, 0x0001001eu);
  EXPECT_EQ(r.rdx, 0x00025658u);
  r = Call(MessageStep::kReceivePayload, 1);
  EXPECT_EQ(r.rbx, 0x0000006fu);
  EXPECT_EQ(r.rcx, 0x0001001eu);
  EXPECT_EQ(r.rdx, 0x00025658u);
  EXPECT_EQ(Call(MessageStep::kReceiveStatus, 1).rcx, 0x0001001eu);
  EXPECT_EQ(Call(MessageStep::kClose, 0x55555555).rcx, 0x0001001eu);
  EXPECT_EQ(listener_.closes, 1);
  EXPECT_TRUE(listener_.violations.empty());
}

// docs/protocol/transport.md 1.13.1, second trace.
TEST_F(MachineTest, PlaysTheTraceOfAHighBandwidthExchange) {
  UseUpThreeChannels();
  Open(0xc9435052);
  Registers r = Call(MessageStep::kSendSize, 7);
  EXPECT_EQ(r.rbx, 7u);
  EXPECT_EQ(r.rcx, 0x0081001eu);
  EXPECT_EQ(r.rdx, 0x00035658u);

  r = {0x564d5868, 0x00010000, 7, 0x00035659, 0x5000, edi_, esi_};
  machine_.HighBandwidthOut(r, "ping 12");
  EXPECT_EQ(r.rbx, 0x00010000u);
  EXPECT_EQ(listener_.messages, std::vector<std::string>{"ping 12"});

  r = Call(MessageStep::kReceiveSize);
  EXPECT_EQ(r.rbx, 5u);
  EXPECT_EQ(r.rcx, 0x0083001eu);
  EXPECT_EQ(r.rdx, 0x00015658u);
  r = {0x564d5868, 0x00010000, 5, 0x00035659, esi_, 0x6000, edi_};
  EXPECT_EQ(machine_.HighBandwidthIn(r), "1 foo");
  EXPECT_EQ(r.rbx, 0x00010000u);
  EXPECT_EQ(r.rdi, 0x6005u);
  EXPECT_EQ(Call(MessageStep::kReceiveStatus, 1).rcx, 0x0001001eu);
  EXPECT_TRUE(listener_.violations.empty());
}

TEST_F(MachineTest, EmptyTcloPollIsOneSendAndOneReceive) {
  Open(0xcf4c4354);
  EXPECT_EQ(Call(MessageStep::kSendSize, 0).rcx, 0x0001001eu);
  EXPECT_EQ(listener_.polls, 1);
  EXPECT_EQ(machine_.counters().polls, 1u);
  EXPECT_EQ(Call(MessageStep::kReceiveSize).rcx, 0x0001001eu);
}

TEST_F(LowBandwidthMachineTest, CheckpointRestartsAtSendSize) {
  Open(0xc9435052);
  Call(MessageStep::kSendSize, 7);
  Call(MessageStep::kSendPayload, 0x676e6970);
  machine_.faults().CheckpointOnce();
  EXPECT_EQ(Call(MessageStep::kSendPayload, 0x00323120).rcx, 0x0010001eu);
  EXPECT_TRUE(listener_.messages.empty());
  EXPECT_TRUE(Send("ping 12"));
  EXPECT_EQ(listener_.messages, std::vector<std::string>{"ping 12"});
}

// A checkpoint at every possible step: each message arrives exactly once, in both directions.
TEST(MachineCheckpoint, MessagesArriveExactlyOnceWhateverStepIsInterrupted) {
  class Guest : public MachineTest {
   public:
    explicit Guest(const FaultOptions& faults) : MachineTest(faults) {}
    void TestBody() override {}
    void Run() {
      Open(0xc9435052);
      for (int i = 0; i < 20; ++i) {
        listener_.reply = absl::StrCat("1 reply ", i);
        ASSERT_TRUE(Send(absl::StrCat("request ", i)));
        ASSERT_EQ(listener_.messages.size(), static_cast<size_t>(i + 1));
        EXPECT_EQ(Receive(), listener_.reply);
        EXPECT_EQ(Receive(), "none");
      }
      EXPECT_GT(machine_.counters().checkpoints, 0u);
      EXPECT_TRUE(listener_.violations.empty());
    }
  };
  for (uint64_t every = 2; every < 14; ++every) {
    for (const bool no_high_bandwidth : {false, true}) {
      SCOPED_TRACE(absl::StrCat(every, " ", no_high_bandwidth));
      Guest({.no_high_bandwidth = no_high_bandwidth, .checkpoint_every = every}).Run();
    }
  }
}

TEST_F(LowBandwidthMachineTest, TailsOfOneToThreeBytesArrive) {
  Open(0xc9435052);
  for (const std::string message : {"a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg"}) {
    listener_.reply = "1 " + message;
    ASSERT_TRUE(Send(message));
    EXPECT_EQ(listener_.messages.back(), message);
    EXPECT_EQ(Receive(), listener_.reply);
  }
}

// gi:message.go puts the last bytes at the other end of the word.
TEST_F(LowBandwidthMachineTest, TailInTheHighBytesIsAViolation) {
  Open(0xc9435052);
  Call(MessageStep::kSendSize, 3);
  Call(MessageStep::kSendPayload, 0x61626300);
  EXPECT_EQ(listener_.violations.size(), 1u);
}

TEST_F(MachineTest, WrongCookieHasNoSuccessAndDeliversNothing) {
  Open(0xc9435052);
  esi_ ^= 1;
  EXPECT_EQ(StatusOf(Call(MessageStep::kSendSize, 4)), 0);
  esi_ ^= 1;
  edi_ ^= 1;
  EXPECT_EQ(StatusOf(Call(MessageStep::kSendSize, 4)), 0);
  edi_ ^= 1;
  ASSERT_TRUE(StatusOf(Call(MessageStep::kSendSize, 4)) & kStatusSuccess);
  edi_ ^= 1;
  EXPECT_EQ(HbOut("abcd"), 0);
  EXPECT_EQ(machine_.counters().wrong_cookies, 3u);
  EXPECT_TRUE(listener_.messages.empty());
}

TEST_F(MachineTest, ChannelOpenedWithoutCookieIgnoresIt) {
  Open(kProtocolRpci);
  EXPECT_EQ(esi_, 0x11111111u);
  esi_ = 1;
  edi_ = 2;
  EXPECT_TRUE(Send("hello"));
  EXPECT_EQ(Receive(), "1 foo");
}

TEST_F(MachineTest, OffersAtMost128Channels) {
  for (int i = 0; i < kMaxChannels; ++i) {
    ASSERT_EQ(StatusOf(Open(0xc9435052)), kStatusSuccess);
    ASSERT_EQ(edx_ >> 16, static_cast<uint64_t>(i));
  }
  EXPECT_EQ(StatusOf(Open(0xc9435052)), 0);
  edx_ = 0x00055658;
  EXPECT_EQ(machine_.OpenChannels(), kMaxChannels);
}

TEST_F(MachineTest, RefusesUnknownProtocols) { EXPECT_EQ(StatusOf(Open(0x12345678)), 0); }

TEST_F(MachineTest, TakesExactly64KiB) {
  Open(0xc9435052);
  EXPECT_FALSE(Send(std::string(kMaxMessageSize + 1, 'x')));
  EXPECT_TRUE(listener_.messages.empty());
  EXPECT_TRUE(Send(std::string(kMaxMessageSize, 'x')));
  EXPECT_EQ(listener_.messages.back().size(), kMaxMessageSize);
}

TEST_F(LowBandwidthMachineTest, GuestThatGivesUpLosesTheMessage) {
  Open(0xc9435052);
  ASSERT_TRUE(Send("x"));
  Call(MessageStep::kReceiveSize);
  EXPECT_TRUE(StatusOf(Call(MessageStep::kReceivePayload, 0)) & kStatusSuccess);
  EXPECT_EQ(listener_.given_up, 1);
  EXPECT_EQ(Receive(), "none");
}

TEST_F(MachineTest, MessageStaysUntilItsStatus) {
  Open(0xc9435052);
  ASSERT_TRUE(Send("x"));
  EXPECT_TRUE(StatusOf(Call(MessageStep::kReceiveSize)) & kStatusDoReceive);
  EXPECT_TRUE(StatusOf(Call(MessageStep::kReceiveSize)) & kStatusDoReceive);
  EXPECT_EQ(StatusOf(Call(MessageStep::kReceiveStatus, 1)), 0);  // nothing was read yet
  EXPECT_EQ(Receive(), "1 foo");
}

TEST_F(MachineTest, ChannelClosedByTheHostHasTheStatusClosed) {
  Open(0xcf4c4354);
  machine_.CloseByHost(static_cast<int>(edx_ >> 16));
  EXPECT_EQ(StatusOf(Call(MessageStep::kSendSize, 0)), kStatusClosed);
  EXPECT_TRUE(listener_.violations.empty());
}

TEST(MachineFaults, EachFaultHappensAtItsNthOccasion) {
  class Guest : public MachineTest {
   public:
    explicit Guest(const FaultOptions& faults) : MachineTest(faults) { Open(0xc9435052); }
    void TestBody() override {}
    using MachineTest::Receive;
    using MachineTest::Send;
    FakeListener& listener() { return listener_; }
  };
  Guest wrong_type({.no_high_bandwidth = true, .wrong_type_every = 2});
  ASSERT_TRUE(wrong_type.Send("x"));
  EXPECT_EQ(wrong_type.Receive(), "failed");

  Guest closing({.close_every = 2});
  ASSERT_TRUE(closing.Send("x"));
  EXPECT_EQ(closing.Receive(), "1 foo");
  EXPECT_EQ(closing.listener().host_closes, 1);
  EXPECT_FALSE(closing.Send("y"));

  Guest cookie({.bad_cookie_every = 3});
  EXPECT_TRUE(cookie.Send("x"));
  EXPECT_EQ(cookie.Receive(), "failed");
}

TEST_F(MachineTest, VanishedHostAnswersNothing) {
  Open(0xc9435052);
  machine_.ForgetAll();
  machine_.faults().VanishUntil(absl::InfiniteFuture());
  Registers version{kMagic, ~uint64_t{kMagic}, kCommandGetVersion, kPort, 0, 0, 0};
  machine_.LowBandwidth(version);
  EXPECT_EQ(version.rax, 0xFFFFFFFFu);
  EXPECT_EQ(StatusOf(Open(0xc9435052)), 0);
  machine_.faults().VanishUntil(absl::InfinitePast());
  EXPECT_EQ(StatusOf(Open(0xc9435052)), kStatusSuccess);
}

TEST_F(MachineTest, AnswersVersionAndTime) {
  Registers version{kMagic, ~uint64_t{kMagic}, kCommandGetVersion, kPort, 0, 0, 0};
  machine_.LowBandwidth(version);
  EXPECT_EQ(version.rax, 6u);
  EXPECT_EQ(version.rbx, kMagic);
  EXPECT_EQ(version.rcx, 2u);
  Registers time{kMagic, 0, kCommandGetTimeFull, kPort, 0, 0, 0};
  machine_.LowBandwidth(time);
  EXPECT_EQ(time.rax, kMagic);
  EXPECT_NEAR((time.rsi << 32) | time.rdx, absl::ToUnixSeconds(absl::Now()), 2);
  Registers unknown{kMagic, 0, 0x4321, kPort, 0, 0, 0};
  machine_.LowBandwidth(unknown);
  EXPECT_EQ(unknown.rax, 0xFFFFFFFFu);
}

}  // namespace
}  // namespace toolboxd::vmxsim
