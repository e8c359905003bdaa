// SPDX-License-Identifier: Apache-2.0

// The host's conversation with a guest, played by hand on the model's registers.

#include "vmxsim/model.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/match.h"
#include "absl/time/clock.h"

namespace toolboxd::vmxsim {
namespace {

// One guest channel on high bandwidth.
class GuestChannel {
 public:
  GuestChannel(Vmx& vmx, uint32_t protocol) : vmx_(vmx) {
    registers_ = {kMagic, protocol | kCookieFlag, 0x1e, kPort, 0, 0, 0};
    vmx_.LowBandwidth(registers_, absl::Now());
  }

  bool Send(const std::string& message) {
    if (!(Call(MessageStep::kSendSize, message.size()) & kStatusSuccess)) return false;
    if (message.empty()) return true;
    Registers out{
        kMagic, 0x10000,        message.size(), (registers_.rdx & ~0xFFFFull) | kHighBandwidthPort,
        0,      registers_.rdi, registers_.rsi};
    vmx_.HighBandwidthOut(out, message);
    return (out.rbx >> 16 & kStatusSuccess) != 0;
  }

  // "none" where nothing waits.
  std::string Receive() {
    const uint16_t status = Call(MessageStep::kReceiveSize, 0);
    if (!(status & kStatusDoReceive)) return status & kStatusSuccess ? "none" : "failed";
    Registers in{
        kMagic,         0x10000, result_.rbx,   (registers_.rdx & ~0xFFFFull) | kHighBandwidthPort,
        registers_.rsi, 0,       registers_.rdi};
    const std::string message = vmx_.HighBandwidthIn(in);
    return Call(MessageStep::kReceiveStatus, 1) & kStatusSuccess ? message : "failed";
  }

  std::string Exchange(const std::string& message) { return Send(message) ? Receive() : "failed"; }
  void Close() { Call(MessageStep::kClose, 0); }

 private:
  uint16_t Call(MessageStep step, uint64_t ebx) {
    result_ = registers_;
    result_.rbx = ebx;
    result_.rcx = (uint64_t{static_cast<uint16_t>(step)} << 16) | 0x1e;
    vmx_.LowBandwidth(result_, absl::Now());
    return static_cast<uint16_t>(result_.rcx >> 16);
  }

  Vmx& vmx_;
  Registers registers_;
  Registers result_;
};

class VmxTest : public testing::Test {
 protected:
  explicit VmxTest(const VmxOptions& options = {}) : vmx_(options) {}

  // Plays the greeting to its end.
  void Register(GuestChannel& tclo, GuestChannel& rpci) {
    ASSERT_EQ(tclo.Exchange(""), "reset");
    ASSERT_EQ(tclo.Exchange("OK ATR toolbox"), "ping");
    ASSERT_EQ(tclo.Exchange("OK "), "Capabilities_Register");
    ASSERT_EQ(rpci.Exchange("tools.set.version 2147483647"), "1 ");
    ASSERT_EQ(tclo.Exchange("OK "), "Set_Option synctime 0");
    ASSERT_EQ(tclo.Exchange("OK "), "Set_Option broadcastIP 1");
    ASSERT_EQ(tclo.Exchange("OK "), "none");
  }

  bool Registered() {
    bool registered = false;
    vmx_.With([&](Vmx::View& view) { registered = view.tclo.registered(); });
    return registered;
  }

  uint64_t Violations() {
    uint64_t count = 0;
    vmx_.With([&](Vmx::View& view) {
      for (const Event& event : view.log.Since(0)) count += event.kind == "violation";
    });
    return count;
  }

  Vmx vmx_;
};

// docs/protocol/rpc.md 2.10, the host's side of it.
TEST_F(VmxTest, GreetsAndRegistersAGuest) {
  GuestChannel tclo(vmx_, kProtocolTclo);
  GuestChannel rpci(vmx_, kProtocolRpci);
  EXPECT_FALSE(Registered());
  Register(tclo, rpci);
  EXPECT_TRUE(Registered());
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(VmxTest, VersionWithoutAtrDoesNotRegister) {
  GuestChannel tclo(vmx_, kProtocolTclo);
  GuestChannel rpci(vmx_, kProtocolRpci);
  ASSERT_EQ(rpci.Exchange("tools.set.version 1"), "1 ");
  EXPECT_FALSE(Registered());
}

TEST_F(VmxTest, RequestsAreSentOneAtATimeInOrder) {
  GuestChannel tclo(vmx_, kProtocolTclo);
  GuestChannel rpci(vmx_, kProtocolRpci);
  Register(tclo, rpci);
  std::vector<TcloRequest> done;
  std::thread host([&] { done = vmx_.SendAll({"a", "b", "c"}, absl::Seconds(10)); });
  std::string request;
  while ((request = tclo.Exchange("")) == "none") absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(request, "a");
  // While one is being worked on, the guest may talk on another channel, and gets no second one.
  EXPECT_EQ(rpci.Exchange("info-set guestinfo.x y"), "1 ");
  EXPECT_EQ(tclo.Receive(), "none");
  EXPECT_EQ(tclo.Exchange("OK 1"), "b");
  EXPECT_EQ(tclo.Exchange("ERROR no"), "c");
  EXPECT_EQ(tclo.Exchange("Unknown Command"), "none");
  host.join();
  ASSERT_EQ(done.size(), 3u);
  EXPECT_EQ(done[0].reply, "OK 1");
  EXPECT_EQ(done[1].reply, "ERROR no");
  EXPECT_EQ(done[2].reply, "Unknown Command");
  EXPECT_LE(done[0].fetched, done[0].replied);
  EXPECT_EQ(Violations(), 0u);
}

TEST_F(VmxTest, RequestTimesOutWhenTheGuestDoesNotPoll) {
  GuestChannel tclo(vmx_, kProtocolTclo);
  GuestChannel rpci(vmx_, kProtocolRpci);
  Register(tclo, rpci);
  EXPECT_TRUE(absl::IsDeadlineExceeded(vmx_.Send("late", absl::Milliseconds(20)).status()));
}

// A reply that comes too late belongs to the request that was given up, not to the next one.
TEST_F(VmxTest, LateReplyIsNotTakenForTheNextRequest) {
  GuestChannel tclo(vmx_, kProtocolTclo);
  GuestChannel rpci(vmx_, kProtocolRpci);
  Register(tclo, rpci);
  std::thread impatient([&] {
    EXPECT_TRUE(absl::IsDeadlineExceeded(vmx_.Send("slow", absl::Milliseconds(50)).status()));
  });
  std::string request;
  while ((request = tclo.Exchange("")) == "none") absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(request, "slow");
  impatient.join();
  absl::StatusOr<TcloRequest> second = absl::UnknownError("");
  std::thread patient([&] { second = vmx_.Send("quick", absl::Seconds(10)); });
  while (!vmx_.WaitFor(absl::Milliseconds(1),
                       [](Vmx::View& view) { return view.tclo.counters().requests == 7; })) {
  }
  EXPECT_EQ(tclo.Exchange("OK slow"), "quick");
  EXPECT_EQ(tclo.Exchange("OK quick"), "none");
  patient.join();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->reply, "OK quick");
}

TEST_F(VmxTest, DialogueOfASnapshotIsKept) {
  GuestChannel tclo(vmx_, kProtocolTclo);
  GuestChannel rpci(vmx_, kProtocolRpci);
  Register(tclo, rpci);
  std::thread host([&] { vmx_.SendAll({"vmbackup.start 1", "ping"}, absl::Seconds(10)); });
  while (tclo.Exchange("") == "none") absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(rpci.Exchange(std::string("vmbackup.eventSet reset 0 \0", 27)), "1 ");
  EXPECT_EQ(tclo.Exchange("OK "), "ping");
  EXPECT_EQ(tclo.Exchange("OK "), "none");
  host.join();
  EXPECT_EQ(rpci.Exchange("vmbackup.eventSet reset 0 "), "1 ");
  tclo.Close();
  GuestChannel again(vmx_, kProtocolTclo);
  EXPECT_EQ(again.Exchange(""), "reset");
  again.Exchange("OK ATR toolbox");
  std::vector<std::string> texts;
  vmx_.With([&](Vmx::View& view) {
    for (const SnapshotMessage& message : view.rpci.snapshot().Since(0)) {
      texts.push_back(message.text);
    }
    EXPECT_EQ(view.rpci.snapshot().violations(), 2u);
  });
  EXPECT_EQ(texts, (std::vector<std::string>{"vmbackup.start 1",
                                             std::string("vmbackup.eventSet reset 0 \0", 27), "OK ",
                                             "vmbackup.eventSet reset 0 ",
                                             "the channel is closed by the guest", kToolsStarted}));
  EXPECT_EQ(Violations(), 2u);
}

TEST_F(VmxTest, PollInsteadOfAReplyFailsTheRequest) {
  GuestChannel tclo(vmx_, kProtocolTclo);
  GuestChannel rpci(vmx_, kProtocolRpci);
  Register(tclo, rpci);
  absl::Status status;
  std::thread host([&] { status = vmx_.Send("lost", absl::Seconds(10)).status(); });
  while (tclo.Exchange("") == "none") absl::SleepFor(absl::Milliseconds(1));
  EXPECT_EQ(tclo.Exchange(""), "none");
  host.join();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_EQ(Violations(), 1u);
}

TEST_F(VmxTest, ClosingTheChannelFailsRequestsAndUnregisters) {
  GuestChannel tclo(vmx_, kProtocolTclo);
  GuestChannel rpci(vmx_, kProtocolRpci);
  Register(tclo, rpci);
  absl::Status status;
  std::thread host([&] { status = vmx_.Send("pending", absl::Seconds(10)).status(); });
  while (!vmx_.WaitFor(absl::Milliseconds(1),
                       [](Vmx::View& view) { return view.tclo.counters().requests == 6; })) {
  }
  tclo.Close();
  host.join();
  EXPECT_TRUE(absl::IsUnavailable(status)) << status;
  EXPECT_FALSE(Registered());
  EXPECT_TRUE(absl::IsUnavailable(vmx_.Send("none", absl::Seconds(1)).status()));
}

// A guest that was killed leaves its channel open; the next one takes over.
TEST_F(VmxTest, NewGuestReplacesOneThatVanished) {
  GuestChannel old_tclo(vmx_, kProtocolTclo);
  GuestChannel old_rpci(vmx_, kProtocolRpci);
  Register(old_tclo, old_rpci);
  GuestChannel tclo(vmx_, kProtocolTclo);
  GuestChannel rpci(vmx_, kProtocolRpci);
  Register(tclo, rpci);
  EXPECT_TRUE(Registered());
  vmx_.With([](Vmx::View& view) { EXPECT_EQ(view.tclo.counters().registrations, 2u); });
}

TEST_F(VmxTest, OtherApplicationsAreNotRegistered) {
  GuestChannel dnd(vmx_, kProtocolTclo);
  EXPECT_EQ(dnd.Exchange(""), "reset");
  EXPECT_EQ(dnd.Exchange("OK ATR toolbox-dnd"), "none");
  EXPECT_FALSE(Registered());
}

TEST_F(VmxTest, VanishedHostForgetsItsGuest) {
  GuestChannel tclo(vmx_, kProtocolTclo);
  GuestChannel rpci(vmx_, kProtocolRpci);
  Register(tclo, rpci);
  vmx_.Vanish(absl::Milliseconds(30));
  EXPECT_FALSE(Registered());
  EXPECT_EQ(tclo.Exchange(""), "failed");
  EXPECT_EQ(rpci.Exchange("info-get guestinfo.x"), "failed");
  absl::SleepFor(absl::Milliseconds(40));
  GuestChannel again(vmx_, kProtocolTclo);
  EXPECT_EQ(again.Exchange(""), "reset");
}

class PingingVmxTest : public VmxTest {
 protected:
  static VmxOptions Options() {
    VmxOptions options;
    options.tclo.ping_interval = absl::Milliseconds(1);
    options.tclo.nul_terminated = true;
    return options;
  }
  PingingVmxTest() : VmxTest(Options()) {}
};

TEST_F(PingingVmxTest, PingsAreCountedAndThoseWithoutAnswerToo) {
  GuestChannel tclo(vmx_, kProtocolTclo);
  EXPECT_EQ(tclo.Exchange(""), std::string("reset\0", 6));
  std::string request = tclo.Exchange("OK ATR toolbox");
  while (request != "none") request = tclo.Exchange("OK ");
  absl::SleepFor(absl::Milliseconds(2));
  vmx_.Tick();
  absl::SleepFor(absl::Milliseconds(2));
  vmx_.Tick();
  vmx_.With([](Vmx::View& view) {
    EXPECT_EQ(view.tclo.counters().pings, 1u);
    EXPECT_EQ(view.tclo.counters().pings_missed, 1u);
  });
  EXPECT_EQ(tclo.Exchange(""), std::string("ping\0", 5));
  EXPECT_EQ(tclo.Exchange("OK "), "none");
}

TEST(EventLog, KeepsTheNewestEventsAndEscapesTheirText) {
  EventLog log;
  for (size_t i = 0; i < EventLog::kCapacity + 10; ++i) log.Add(-1, "rpci", "x");
  log.Add(3, "rpci", absl::string_view("a\0z", 3));
  EXPECT_EQ(log.Since(0).size(), EventLog::kCapacity);
  const std::vector<Event> last = log.Since(log.last_number() - 1);
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].text, "a\\x00z");
  EXPECT_TRUE(absl::StrContains(last[0].Format(log.start()), "  3 rpci      a\\x00z"));
}

}  // namespace
}  // namespace toolboxd::vmxsim
