// SPDX-License-Identifier: Apache-2.0

// vmxsim's vsock, with a guest program that makes the calls.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "vmxsim/harness.h"

namespace toolboxd::vmxsim {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(20);

class Vsock : public testing::Test {
 protected:
  void SetUp() override { Start({"--vsock"}); }

  void Start(const std::vector<std::string>& flags) {
    absl::StatusOr<Harness> harness =
        Harness::Start({.flags = flags, .command = {"sleep", "infinity"}});
    ASSERT_TRUE(harness.ok()) << harness.status();
    harness_ = std::make_unique<Harness>(*std::move(harness));
    // The command has started when the guest's first process is not alone.
    ASSERT_TRUE(Eventually([this] {
      const std::string processes = client().Call({"processes"}).value_or("");
      return std::count(processes.begin(), processes.end(), '\n') >= 2;
    }));
  }

  Client& client() { return harness_->client(); }

  // The outcomes of the steps, with " | " between them.
  std::string Guest(const std::string& steps) {
    std::vector<std::string> words = {std::filesystem::current_path() / "vmxsim/vsock_probe"};
    for (const absl::string_view word : absl::StrSplit(steps, ' ', absl::SkipEmpty())) {
      words.push_back(absl::StrReplaceAll(word, {{"_", " "}}));
    }
    const auto [code, output] = harness_->Execute(words);
    return absl::StrJoin(absl::StrSplit(output, '\n', absl::SkipEmpty()), " | ");
  }

  void Host(const std::vector<std::string>& words) {
    const absl::Status status = client().Call(words).status();
    ASSERT_TRUE(status.ok()) << status;
  }

  double Stat(const std::string& name) { return (*client().Stats())[name]; }

  static bool Eventually(const std::function<bool()>& holds) {
    for (const absl::Time end = absl::Now() + kPatience; absl::Now() < end;) {
      if (holds()) return true;
      absl::SleepFor(absl::Milliseconds(5));
    }
    return false;
  }

  bool LogHas(absl::string_view text) { return harness_->LogHas(text); }

  std::unique_ptr<Harness> harness_;
};

TEST_F(Vsock, SocketsHaveTheNamesOfVsock) {
  EXPECT_EQ(Guest("socket stream names bind 1000 names connect 0 976 names"),
            "ok | -1:-1 ENOTCONN | ok | -1:1000 ENOTCONN | ok | 3:1000 0:976");
  EXPECT_EQ(Guest("socket stream connect 0 975 names"), "ok | ok | 3:1024 0:975");
  EXPECT_EQ(Guest("socket dgram"), "ok");
  EXPECT_EQ(Guest("cid"), "3");
}

TEST_F(Vsock, RequestIsAnsweredAsOverTheBackdoor) {
  EXPECT_EQ(Guest("socket stream bind 1023 connect 0 976 send info-set_guestinfo.a_b receive "
                  "send info-get_guestinfo.a receive send nonsense receive"),
            "ok | ok | ok | ok | 1  | ok | 1 b | ok | 0 Unknown command");
  EXPECT_EQ(client().Get("a").value_or("none"), "b");
  EXPECT_TRUE(LogHas(" vsock:1023 open      RPCI privileged"));
  EXPECT_TRUE(LogHas(" vsock:1023 rpci      info-set guestinfo.a b"));
  EXPECT_TRUE(Eventually([this] { return LogHas(" vsock:1023 close     by the guest"); }));
  EXPECT_EQ(Stat("vsock_connects"), 1);
  EXPECT_EQ(Stat("vsock_packets_from_guest"), 3);
  EXPECT_EQ(Stat("vsock_packets_to_guest"), 3);
  EXPECT_EQ(Stat("vsock_rpci_connections"), 0);
  EXPECT_EQ(Stat("vsock_violations"), 0);
}

TEST_F(Vsock, HostPushesRequestsAndIsAnswered) {
  std::string outcome;
  std::thread guest([&] {
    outcome = Guest(
        "socket stream connect 0 975 receive send OK_ATR_toolbox receive send OK_ receive "
        "send OK_ receive send OK_ receive send OK_ ping receive send OK_here end");
  });
  ASSERT_TRUE(Eventually([this] { return Stat("main_channel_is_vsock") == 1; }));
  EXPECT_EQ(client().Tclo("a request", kPatience).value_or("none"), "OK here");
  EXPECT_EQ(Stat("vsock_pings"), 1);
  EXPECT_EQ(Stat("polls"), 0);
  Host({"vsock-offer", "reset"});
  guest.join();
  EXPECT_EQ(outcome,
            "ok | ok | reset | ok | ping | ok | Capabilities_Register | ok | Set_Option synctime 0 "
            "| ok | Set_Option broadcastIP 1 | ok | ok | a request | ok | end");
  EXPECT_EQ(Stat("main_channel_is_vsock"), 0);
  EXPECT_TRUE(LogHas("close     by the host"));
}

TEST_F(Vsock, PrivilegedPortNeedsTheCapability) {
  EXPECT_EQ(Guest("drop socket stream bind 1000 bind 1024 connect 0 976 "
                  "send namespace-priv-get-values_x receive"),
            "ok | ok | EACCES | ok | ok | ok | 0 Permission denied");
  EXPECT_TRUE(LogHas(" vsock:1024 open      RPCI not privileged"));
  EXPECT_EQ(Guest("socket stream bind 1000 connect 0 976 send namespace-priv-get-values_x receive"),
            "ok | ok | ok | ok | 0 Invalid argument");
}

TEST_F(Vsock, PortIsInUseUntilItsLastDescriptorIsClosed) {
  EXPECT_EQ(Guest("socket stream bind 1000 bind 1001"), "ok | ok | EINVAL");
  std::string outcome;
  std::thread holder(
      [&] { outcome = Guest("socket stream bind 1000 connect 0 976 dup fork names end"); });
  ASSERT_TRUE(Eventually([this] { return Stat("vsock_rpci_connections") == 1; }));
  EXPECT_EQ(Guest("socket stream bind 1000 bind 999"), "ok | EADDRINUSE | ok");
  Host({"vsock-offer", "reset"});
  holder.join();
  EXPECT_EQ(outcome, "ok | ok | ok | ok | child | 3:1000 0:976 | end");
  EXPECT_EQ(Guest("socket stream bind 1000"), "ok | ok");
  Host({"vsock-set", "busy", "1022"});
  EXPECT_EQ(Guest("socket stream bind 1023 bind 1022 bind 1021"),
            "ok | EADDRINUSE | EADDRINUSE | ok");
}

TEST_F(Vsock, NothingElseAnswersThanTheTwoPorts) {
  EXPECT_EQ(Guest("socket stream connect 0 977 connect 2 976 connect 0 976"),
            "ok | ECONNRESET | ECONNRESET | ok");
  EXPECT_EQ(Guest("socket nonblock connect 0 977 out 10 error error"),
            "ok | EINPROGRESS | out err | ECONNRESET | none");
  EXPECT_EQ(Stat("vsock_refused"), 3);
  EXPECT_TRUE(LogHas("refused   vsock to 2:976 with ECONNRESET"));
}

TEST_F(Vsock, RefusalsAreAsManyAsTheHostWants) {
  Host({"vsock-set", "refuse", "ENOBUFS:2"});
  EXPECT_EQ(Guest("socket stream connect 0 976 connect 0 976 connect 0 976"),
            "ok | ENOBUFS | ENOBUFS | ok");
  Host({"vsock-set", "refuse", "ETIMEDOUT"});
  EXPECT_EQ(Guest("socket nonblock connect 0 976 connect 0 976"), "ok | ETIMEDOUT | ETIMEDOUT");
  Host({"vsock-set", "refuse", "none"});
  EXPECT_EQ(Guest("socket stream connect 0 976 connect 0 976"), "ok | ok | EISCONN");
}

TEST_F(Vsock, IsWithdrawnAndOfferedWhileTheGuestRuns) {
  std::string outcome;
  std::thread guest([&] { outcome = Guest("socket stream connect 0 976 end connect 0 976"); });
  ASSERT_TRUE(Eventually([this] { return Stat("vsock_rpci_connections") == 1; }));
  Host({"vsock-offer", "tclo"});
  guest.join();
  EXPECT_EQ(outcome, "ok | ok | end | EISCONN");
  EXPECT_EQ(Guest("socket stream connect 0 976 connect 0 975"), "ok | ECONNRESET | ok");
  Host({"vsock-offer", "off"});
  EXPECT_EQ(Guest("socket stream connect 0 975"), "ok | ECONNRESET");
  EXPECT_EQ(*client().Call({"vsock"}), "offered off\n");
  Host({"vsock-offer", "on"});
  EXPECT_EQ(Guest("socket stream connect 0 976"), "ok | ok");
  EXPECT_FALSE(client().Call({"vsock-offer", "nonsense"}).ok());
}

TEST_F(Vsock, HostThatVanishesTakesVsockWithIt) {
  ASSERT_TRUE(client().Fault("vanish", absl::Hours(1)).ok());
  EXPECT_EQ(Guest("socket stream connect 0 976"), "ok | ECONNRESET");
  ASSERT_TRUE(client().Fault("vanish", absl::ZeroDuration()).ok());
  EXPECT_EQ(Guest("socket stream connect 0 976"), "ok | ok");
}

TEST_F(Vsock, DelayedHostAnswersLater) {
  Host({"vsock-set", "delay", "200ms"});
  EXPECT_EQ(Guest("socket nonblock connect 0 976 wait 0.02 connect 0 976 wait 10 error "
                  "send info-get_guestinfo.x wait 10"),
            "ok | EINPROGRESS | nothing | EALREADY | out | none | ok | out");
  // The error is an event before the socket can be written, as with the kernel's.
  EXPECT_EQ(Guest("socket nonblock connect 0 977 wait 0.02 out 10 error"),
            "ok | EINPROGRESS | nothing | out err | ECONNRESET");
  const absl::Time begin = absl::Now();
  EXPECT_EQ(Guest("socket stream connect 0 976 send info-get_guestinfo.x receive"),
            "ok | ok | ok | 0 No value found");
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(400));
}

// The call of the first guest waits.
TEST_F(Vsock, OneGuestThatWaitsKeepsNoOtherWaiting) {
  Host({"vsock-set", "delay", "1h"});
  std::thread waits([&] { Guest("socket stream connect 0 976"); });
  EXPECT_EQ(Guest("socket stream bind 1000 names"), "ok | ok | -1:1000 ENOTCONN");
  harness_->End();
  waits.join();
}

TEST_F(Vsock, PartsOfPacketsArriveAsOne) {
  Host({"vsock-set", "split", "700"});
  EXPECT_EQ(Guest("socket nonblock connect 0 976 wait 10 fill 20000"),
            "ok | EINPROGRESS | out | partial");
  ASSERT_TRUE(Eventually([this] { return client().Get("fill").ok(); }));
  EXPECT_EQ(*client().Get("fill"), std::string(20000, 'f'));
  Host({"vsock-set", "split", "3"});
  EXPECT_EQ(Guest("socket stream connect 0 976 send info-set_guestinfo.b_c receive send "
                  "info-get_guestinfo.b receive"),
            "ok | ok | ok | 1  | ok | 1 c");
  EXPECT_EQ(Stat("vsock_violations"), 0);
}

TEST_F(Vsock, LongestMessageArrives) {
  const std::string head = "info-set guestinfo.fill ";
  const std::string longest = absl::StrCat(65536 - head.size());
  EXPECT_EQ(Guest("socket stream connect 0 976 fill " + longest + " receive"),
            "ok | ok | whole | 1 ");
  EXPECT_EQ(client().Get("fill")->size(), 65536 - head.size());
  EXPECT_EQ(Guest("socket stream connect 0 976 fill " + absl::StrCat(65537 - head.size()) + " end"),
            "ok | ok | whole | end");
  EXPECT_TRUE(LogHas("violation malformed packet: a message of 65537 bytes"));
}

struct HostFault {
  const char* kind;
  const char* outcome;
};

TEST_F(Vsock, FaultsSpoilOnePacket) {
  constexpr char kFirst[] = "socket stream connect 0 976 send info-get_guestinfo.x receive ";
  ASSERT_TRUE(client().Set("x", "value").ok());
  for (const HostFault& fault : {HostFault{"empty", "no payload"},
                                 {"garbage", "no payload"},
                                 {"type", "no payload"},
                                 {"unknown", "1 value"},
                                 {"duplicate", "1 value"},
                                 {"lose", "end"},
                                 {"cut", "after 15 bytes end"},
                                 {"unread", "ECONNRESET"}}) {
    Host({"vsock-set", "fault", fault.kind});
    const std::string outcome = Guest(kFirst);
    EXPECT_TRUE(absl::StartsWith(outcome, absl::StrCat("ok | ok | ok | ", fault.outcome)))
        << fault.kind << ": " << outcome;
    EXPECT_EQ(Guest(kFirst), "ok | ok | ok | 1 value") << "after " << fault.kind;
  }
}

TEST_F(Vsock, FaultsOfTheOtherKindArePatient) {
  Host({"vsock-set", "fault", "twice:rpci"});
  EXPECT_EQ(Guest("socket stream connect 0 975 receive"), "ok | ok | reset");
  EXPECT_EQ(Guest("socket stream connect 0 976 send nonsense receive receive"),
            "ok | ok | ok | 0 Unknown command | 0 Unknown command");
  Host({"vsock-set", "fault", "half"});
  std::string outcome;
  const double packets = Stat("vsock_packets_to_guest");
  std::thread guest([&] { outcome = Guest("socket stream connect 0 976 send nonsense receive"); });
  EXPECT_TRUE(Eventually([&] { return Stat("vsock_packets_to_guest") > packets; }));
  Host({"vsock-offer", "reset"});
  guest.join();
  EXPECT_EQ(outcome, "ok | ok | ok | after 20 bytes end");
  Host({"vsock-set", "fault", "silent"});
  EXPECT_EQ(Guest("socket stream connect 0 976 send nonsense send info-get_guestinfo.x receive"),
            "ok | ok | ok | ok | 0 No value found");
  EXPECT_FALSE(client().Call({"vsock-set", "fault", "nonsense"}).ok());
}

TEST_F(Vsock, MalformedPacketsOfTheGuestEndTheConnection) {
  EXPECT_EQ(Guest("socket stream connect 0 976 raw 7fffffff end"), "ok | ok | ok | end");
  EXPECT_TRUE(LogHas("violation malformed packet: a length of 2147483647 bytes"));
  EXPECT_EQ(Guest("socket stream connect 0 976 raw 00000000 end"), "ok | ok | ok | end");
  EXPECT_TRUE(LogHas("violation malformed packet: no TYPE"));
  // Half a packet, and the end: nothing was asked.
  EXPECT_EQ(Guest("socket stream connect 0 976 raw 0000003200000001 close"), "ok | ok | ok | ok");
  EXPECT_EQ(Stat("vsock_violations"), 2);
}

TEST_F(Vsock, FastCloseEndsTheConnectionAfterTheReply) {
  EXPECT_EQ(Guest("socket stream connect 0 976 last info-get_guestinfo.x receive end"),
            "ok | ok | ok | 0 No value found | end");
}

TEST_F(Vsock, GuestsWithAndWithoutVsockRunAtTheSameTime) {
  Start({"--vsock=off"});
  EXPECT_EQ(Guest("socket stream connect 0 976"), "ok | ECONNRESET");
  Start({"--vsock=rpci", "--vsock_set=busy=1023"});
  EXPECT_EQ(Guest("socket stream bind 1023 connect 0 975 connect 0 976"),
            "ok | EADDRINUSE | ECONNRESET | ok");
}

TEST_F(Vsock, GuestWithoutItHasNoSuchSockets) {
  Start({});
  EXPECT_EQ(Guest("socket stream cid"), "EAFNOSUPPORT | ENOTTY");
  EXPECT_EQ(Stat("vsock_connects"), 0);
  EXPECT_TRUE(absl::IsFailedPrecondition(client().Call({"vsock"}).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(client().Call({"vsock-offer", "on"}).status()));
}

TEST_F(Vsock, OtherSocketsAreTheKernels) {
  const auto [code, output] =
      harness_->Execute({"python3", "-c",
                         "import socket as s\n"
                         "a = s.socket(); a.bind(('127.0.0.1', 0)); a.listen()\n"
                         "b = s.create_connection(a.getsockname())\n"
                         "print(b.getpeername() == a.getsockname())\n"
                         "c, d = s.socketpair(); print(repr(c.getsockname()))\n"
                         "c.setsockopt(s.SOL_SOCKET, s.SO_SNDBUF, 9000)\n"
                         "e = s.socket(s.AF_UNIX)\n"
                         "try: e.connect('/no/such/socket')\n"
                         "except OSError as error: print(error.errno)\n"});
  EXPECT_EQ(code, 0);
  EXPECT_EQ(output, "True\n''\n2\n");
}

}  // namespace
}  // namespace toolboxd::vmxsim
