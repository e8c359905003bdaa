// SPDX-License-Identifier: Apache-2.0

// Random schedules of a host whose transports come, break, hang and go, with requests and commands
// on their way, in virtual time. A seed is a schedule; a failure names its seed.

#include <poll.h>

#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "transportd/backdoor/message_channel.h"
#include "transportd/rpc/fallback_channel.h"
#include "transportd/rpc/rpci_client.h"
#include "transportd/rpc/tclo_loop.h"
#include "transportd/vsock/socket_channel.h"
#include "transportd/vsock/testing/simulated_host.h"

namespace toolboxd {
namespace {

using vsock::SimulatedHost;
using Fate = SimulatedHost::Fate;

// A guest that is registered within this time after the host has become sane.
constexpr absl::Duration kRegistrationTime = absl::Seconds(5);

// The guest's channels as transportd connects them, and its two clients.
class Guest {
 public:
  explicit Guest(SimulatedHost* host)
      : host_(*host),
        rpci_vsock_(host, Protocol::kRpci),
        tclo_vsock_(host, Protocol::kTclo),
        rpci_backdoor_(&host->backdoor, backdoor::kProtocolRpci),
        tclo_backdoor_(&host->backdoor, backdoor::kProtocolTclo),
        clock_([host] { return host->Now(); }),
        rpci_channel_(Protocol::kRpci, &rpci_vsock_, &rpci_backdoor_, clock_),
        tclo_channel_(Protocol::kTclo, &tclo_vsock_, &tclo_backdoor_, clock_),
        rpci_(&rpci_channel_),
        tclo_(&tclo_channel_,
              {.answer = [this](absl::string_view command) { return Answer(command); },
               .on_open = [this] { commands_ = 0; },
               .on_error = [this](const absl::Status&) { rpci_.Reset(); }},
              clock_) {
    tclo_channel_.set_on_change([this] {
      commands_ = 0;
      rpci_.Reset();
    });
  }

  // Commands that were worked on.
  std::vector<std::string> worked;

  void RunUntil(absl::Time time) {
    while (host_.Now() < time) {
      const absl::Duration delay = tclo_.Poll();
      ++polls;
      const absl::Time wake = std::min(time, host_.Now() + delay);
      if (tclo_.fd() >= 0) {
        host_.Wait(tclo_.fd(), POLLIN, wake);
      } else {
        host_.AdvanceTo(wake);
      }
    }
  }
  absl::StatusOr<RpciReply> Send(const std::string& request) { return rpci_.Send(request); }
  std::string transport() const { return tclo_channel_.Describe().substr(0, 5); }
  int polls = 0;

 private:
  TcloReply Answer(absl::string_view command) {
    worked.emplace_back(command);
    if (++commands_ > 1 && command == "reset") {
      tclo_channel_.ExpectChange();
      rpci_.ExpectChange();
    }
    return TcloReply::Ok(std::string(command));
  }

  SimulatedHost& host_;
  vsock::SocketChannel rpci_vsock_;
  vsock::SocketChannel tclo_vsock_;
  backdoor::MessageChannel rpci_backdoor_;
  backdoor::MessageChannel tclo_backdoor_;
  const std::function<absl::Time()> clock_;
  FallbackChannel rpci_channel_;
  FallbackChannel tclo_channel_;
  RpciClient rpci_;
  TcloLoop tclo_;
  int commands_ = 0;
};

class Schedule {
 public:
  explicit Schedule(uint32_t seed) : random_(seed), guest_(&host_) {}

  void Run() {
    for (int step = 0; step < 60; ++step) {
      Disturb();
      if (Below(3) == 0) Request();
      if (Below(3) == 0) host_.Command(absl::StrCat("command ", ++commands_));
      Pass(absl::Milliseconds(Below(4) == 0 ? Below(3000) : Below(200)));
    }
    BecomeSane();
    // A host may reset the connection just before its first sane moment: the guest's time begins
    // now.
    Pass(kRegistrationTime);
    EXPECT_TRUE(host_.registered());
    CheckThatAllWorks();
    CheckHistory();
  }

 private:
  int Below(int bound) { return static_cast<int>(random_() % static_cast<uint32_t>(bound)); }
  void Pass(absl::Duration time) { guest_.RunUntil(host_.Now() + time); }

  void Disturb() {
    switch (Below(14)) {
      case 0:
        host_.offers_rpci = host_.offers_tclo = false;
        return host_.ResetVsock();
      case 1:
        host_.offers_rpci = host_.offers_tclo = true;
        return;
      case 2:
        host_.offers_rpci = !host_.offers_rpci;
        return;
      case 3:
        host_.offers_tclo = !host_.offers_tclo;
        return;
      case 4:
        return host_.ResetVsock();
      case 5:
        host_.undecided = !host_.undecided;
        return;
      case 6:
        if (host_.mute) return host_.Speak();
        host_.mute = true;
        return;
      case 7:
        return host_.ForgetBackdoor();
      case 8:
        host_.backdoor.gone = !host_.backdoor.gone;
        return;
      case 9:
        host_.backdoor.refuse_messages = !host_.backdoor.refuse_messages;
        return;
      case 10:
        // A move to another host.
        host_.ResetVsock();
        host_.ForgetBackdoor();
        host_.offers_rpci = host_.offers_tclo = Below(2) == 0;
        return;
      default:
        host_.fate = static_cast<Fate>(Below(7));
    }
  }

  void Request() {
    const std::string request = absl::StrCat("request ", ++requests_);
    const absl::StatusOr<RpciReply> reply = guest_.Send(request);
    if (reply.ok()) {
      // Each answer belongs to its request.
      EXPECT_EQ(reply->data, request);
      answered_.insert(request);
    } else if (absl::IsUnavailable(reply.status())) {
      unsent_.insert(request);
    } else {
      EXPECT_TRUE(absl::IsAborted(reply.status())) << reply.status();
    }
  }

  // At least one of the two transports works from now on.
  void BecomeSane() {
    const int which = Below(3);
    host_.undecided = false;
    host_.fate = Fate::kAnswered;
    host_.offers_rpci = host_.offers_tclo = which != 0;
    host_.backdoor.gone = host_.backdoor.refuse_messages = which == 1;
    if (which == 0) host_.ResetVsock();
    host_.Speak();
  }

  void CheckThatAllWorks() {
    const size_t before = answered_.size();
    Request();
    EXPECT_EQ(answered_.size(), before + 1);
    host_.Command("last command");
    Pass(absl::Seconds(1));
    // It may have returned to vsock since, and registered there.
    EXPECT_THAT(host_.answered, testing::Contains("last command"));
  }

  void CheckHistory() {
    EXPECT_THAT(host_.faults, testing::IsEmpty());
    std::map<std::string, int> times;
    int last = 0;
    for (const std::string& request : host_.executed) {
      EXPECT_EQ(++times[request], 1) << request;
      // None overtakes another.
      const int number = std::stoi(request.substr(8));
      EXPECT_GT(number, last);
      last = number;
    }
    for (const std::string& request : answered_) EXPECT_EQ(times[request], 1) << request;
    for (const std::string& request : unsent_) EXPECT_EQ(times[request], 0) << request;
    std::map<std::string, int> worked;
    for (const std::string& command : guest_.worked) ++worked[command];
    std::map<std::string, int> answers;
    for (const std::string& command : host_.answered) ++answers[command];
    for (const auto& [command, count] : worked) {
      // The host repeats none by itself, but for those of a registration.
      if (command.rfind("command", 0) == 0) {
        EXPECT_EQ(count, 1) << command;
      }
      EXPECT_LE(answers[command], count) << command;
    }
    // 60 steps take 27 s on average. RPCI may make eight connects for each attempt.
    EXPECT_LE(host_.connects, 1500);
    EXPECT_LE(host_.connections(), 2u);
  }

  std::mt19937 random_;
  SimulatedHost host_;
  Guest guest_;
  int requests_ = 0;
  int commands_ = 0;
  std::set<std::string> answered_;
  std::set<std::string> unsent_;
};

TEST(FallbackSchedule, EachRequestIsActedOnOnceAtMostAndAnsweredWithItsOwnAnswer) {
  for (uint32_t seed = 1; seed <= 1000; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Schedule(seed).Run();
    if (testing::Test::HasFailure()) return;
  }
}

TEST(FallbackSchedule, IdleGuestOverVsockWakesForItsHeartbeatOnly) {
  SimulatedHost host;
  Guest guest(&host);
  guest.RunUntil(host.Now() + absl::Seconds(5));
  EXPECT_TRUE(host.registered());
  EXPECT_EQ(guest.transport(), "vsock");
  const int polls = guest.polls;
  const int pings = host.pings;
  guest.RunUntil(host.Now() + absl::Seconds(60));
  EXPECT_EQ(host.pings - pings, 60);
  EXPECT_LE(guest.polls - polls, 61);
}

TEST(FallbackSchedule, MoveToAHostWithoutVsockAndBackCostsLessThanThreeSeconds) {
  SimulatedHost host;
  Guest guest(&host);
  guest.RunUntil(host.Now() + absl::Seconds(20));
  host.offers_rpci = host.offers_tclo = false;
  host.ResetVsock();
  guest.RunUntil(host.Now() + absl::Milliseconds(200));
  EXPECT_TRUE(host.registered());
  EXPECT_EQ(guest.transport(), "backd");
  host.offers_rpci = host.offers_tclo = true;
  guest.RunUntil(host.Now() + absl::Milliseconds(2500));
  EXPECT_TRUE(host.registered());
  EXPECT_EQ(guest.transport(), "vsock");
  EXPECT_EQ(host.backdoor.open_channels(), 0u);
}

// Takes each connection and ends it, for an hour; the backdoor works.
TEST(FallbackSchedule, StormIsBoundedByBackOff) {
  SimulatedHost host;
  Guest guest(&host);
  const absl::Time end = host.Now() + absl::Hours(1);
  while (host.Now() < end) {
    guest.RunUntil(host.Now() + absl::Milliseconds(50));
    host.ResetVsock();
  }
  EXPECT_TRUE(host.registered());
  EXPECT_LE(host.connects, 70);
}

}  // namespace
}  // namespace toolboxd
