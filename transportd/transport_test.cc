// SPDX-License-Identifier: Apache-2.0

#include "transportd/transport.h"

#include <atomic>
#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/testing/eventually.h"
#include "gtest/gtest.h"
#include "transportd/backdoor/testing/fake_host.h"
#include "transportd/vsock/testing/socketpair_system.h"

namespace toolboxd {
namespace {

// A host that keeps its guest waiting at one step, as a machine that moves to another host does.
class StandingHost final : public backdoor::Port {
 public:
  void In(backdoor::Registers& registers) override {
    if (stands_.exchange(false)) absl::SleepFor(absl::Milliseconds(1300));
    host.In(registers);
  }
  void HighBandwidthOut(backdoor::Registers& registers) override {
    host.HighBandwidthOut(registers);
  }
  void HighBandwidthIn(backdoor::Registers& registers) override { host.HighBandwidthIn(registers); }

  void StandAtTheNextStep() { stands_ = true; }

  backdoor::FakeHost host;

 private:
  std::atomic<bool> stands_{false};
};

// What was on the stack before is gone.
__attribute__((noinline)) void Scribble() {
  volatile char used[8192];
  for (volatile char& c : used) c = '\xA5';
}

TEST(Transport, HostThatAnswersAfterTheStartIsOverIsServed) {
  StandingHost port;
  vsock::SocketpairSystem system;
  std::atomic<bool> replied{false};
  port.host.tclo_queue.push_back("ping");
  port.host.on_reply = [&](const std::string&) { replied = true; };
  Transport transport({&port, &system, TransportChoice::kBackdoor},
                      {.runtime_dir = "/nonexistent",
                       .sessions = SocketOpener("/nonexistent", "/nonexistent"),
                       .time_sync = v1::TimeStatus::OFF,
                       .support_request = ""});
  port.StandAtTheNextStep();
  const absl::Time begin = absl::Now();
  transport.Start();
  EXPECT_LT(absl::Now() - begin, absl::Milliseconds(1250));
  Scribble();
  EXPECT_TRUE(Eventually([&] { return replied.load(); }));
  transport.Stop();
}

}  // namespace
}  // namespace toolboxd
