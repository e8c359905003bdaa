// SPDX-License-Identifier: Apache-2.0

// Debian's vmtoolsd, unmodified, with guest RPC over vmxsim's vsock: it shows that this is what
// open-vm-tools takes for a host. On a machine without it the test fails.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "vmxsim/harness.h"

namespace toolboxd::vmxsim {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(40);

class VmtoolsdOverVsock : public testing::Test {
 protected:
  void SetUp() override { Start({"--vsock"}); }

  void Start(const std::vector<std::string>& flags) {
    absl::StatusOr<Harness> harness = Harness::Start({.flags = flags, .command = {"vmtoolsd"}});
    ASSERT_TRUE(harness.ok()) << harness.status();
    harness_ = std::make_unique<Harness>(*std::move(harness));
    const absl::Status registered = client().WaitRegistered(kPatience);
    ASSERT_TRUE(registered.ok()) << registered;
    // The requests of the registration have been answered. vmtoolsd 12.2 crashes now and then when
    // its connections end while it answers one.
    ASSERT_EQ(client().Tclo("ping", kPatience).value_or(""), "OK ");
  }

  Client& client() { return harness_->client(); }
  double Stat(const std::string& name) { return (*client().Stats())[name]; }
  void Host(const std::vector<std::string>& words) {
    const absl::Status status = client().Call(words).status();
    ASSERT_TRUE(status.ok()) << status;
  }

  static bool Eventually(const std::function<bool()>& holds) {
    for (const absl::Time end = absl::Now() + kPatience; absl::Now() < end;) {
      if (holds()) return true;
      absl::SleepFor(absl::Milliseconds(20));
    }
    return false;
  }

  // Registered for the Nth time, and asked and answering there.
  void ExpectRegisteredAgain(int count, bool over_vsock) {
    EXPECT_TRUE(Eventually([=, this] { return Stat("registrations") >= count; }));
    EXPECT_EQ(Stat("registrations"), count);
    EXPECT_EQ(Stat("main_channel_is_vsock"), over_vsock ? 1 : 0);
    EXPECT_EQ(client().Tclo("ping", kPatience).value_or(""), "OK ");
  }

  bool LogHas(absl::string_view text) { return harness_->LogHas(text); }

  std::unique_ptr<Harness> harness_;
};

TEST_F(VmtoolsdOverVsock, RegistersAndAnswersWithoutTheBackdoor) {
  EXPECT_EQ(client().Tclo("ping", kPatience).value_or(""), "OK ");
  EXPECT_EQ(client().Tclo("No_Such_Command", kPatience).value_or(""), "ERROR Unknown Command");
  EXPECT_EQ(Stat("main_channel_is_vsock"), 1);
  EXPECT_EQ(Stat("vsock_rpci_connections"), 1);
  EXPECT_EQ(Stat("vsock_tclo_connections"), 1);
  EXPECT_TRUE(LogHas(" vsock:1023 open      RPCI privileged"));
  EXPECT_TRUE(LogHas(" open      TCLO not privileged"));
  // It only asks the backdoor for the version.
  EXPECT_EQ(Stat("opens"), 0);
  EXPECT_EQ(Stat("polls"), 0);
  EXPECT_TRUE(Eventually([this] { return Stat("vsock_pings") >= 3; }));
  EXPECT_EQ(Stat("violations"), 0);
  EXPECT_EQ(Stat("vsock_violations"), 0);
  EXPECT_EQ(Stat("vsock_refused"), 0);
}

TEST_F(VmtoolsdOverVsock, CommandOfVmtoolsdHasAPrivilegedConnectionOfItsOwn) {
  EXPECT_EQ(harness_->Execute({"vmtoolsd", "--cmd", "info-set guestinfo.x y"}).first, 0);
  EXPECT_EQ(client().Get("x").value_or("none"), "y");
  EXPECT_TRUE(LogHas(" vsock:1022 open      RPCI privileged"));
  EXPECT_EQ(harness_->Execute({"vmtoolsd", "--cmd", "info-get guestinfo.x"}).second, "y\n");
  const auto [code, output] = harness_->Execute({"vmtoolsd", "--cmd", "no.such.command"});
  EXPECT_NE(code, 0);
  EXPECT_TRUE(absl::StrContains(output, "Unknown command")) << output;
  const std::string value(60000, 'v');
  EXPECT_EQ(harness_->Execute({"vmtoolsd", "--cmd", absl::StrCat("info-set guestinfo.big ", value)})
                .first,
            0);
  EXPECT_EQ(client().Get("big").value_or("none"), value);
  EXPECT_EQ(Stat("opens"), 0);
  EXPECT_EQ(Stat("vsock_violations"), 0);
}

TEST_F(VmtoolsdOverVsock, TakesTheBackdoorWhenVsockIsWithdrawnAndComesBack) {
  Host({"vsock-offer", "off"});
  ExpectRegisteredAgain(2, /*over_vsock=*/false);
  EXPECT_EQ(harness_->Execute({"vmtoolsd", "--cmd", "info-set guestinfo.x y"}).first, 0);
  EXPECT_EQ(client().Get("x").value_or("none"), "y");
  Host({"vsock-offer", "on"});
  // It looks for vsock when its channel is started again, and not within two seconds.
  absl::SleepFor(absl::Seconds(3));
  ASSERT_TRUE(client().Fault("close").ok());
  ExpectRegisteredAgain(3, /*over_vsock=*/true);
}

TEST_F(VmtoolsdOverVsock, RegistersAgainAfterAReset) {
  Host({"vsock-offer", "reset"});
  ExpectRegisteredAgain(2, /*over_vsock=*/true);
  ASSERT_TRUE(client().Fault("close").ok());
  ExpectRegisteredAgain(3, /*over_vsock=*/true);
}

TEST_F(VmtoolsdOverVsock, UsesOnlyTheChannelsThatTheHostOffers) {
  Start({"--vsock=rpci"});
  EXPECT_EQ(Stat("main_channel_is_vsock"), 0);
  EXPECT_EQ(Stat("vsock_rpci_connections"), 1);
  Start({"--vsock=off"});
  EXPECT_EQ(Stat("main_channel_is_vsock"), 0);
  EXPECT_EQ(Stat("vsock_rpci_connections"), 0);
  EXPECT_GT(Stat("vsock_refused"), 0);
}

TEST_F(VmtoolsdOverVsock, PortsInUseAreSkipped) {
  Start({"--vsock", "--vsock_set=busy=1020"});
  EXPECT_TRUE(LogHas(" vsock:1019 open      RPCI privileged"));
  EXPECT_EQ(Stat("main_channel_is_vsock"), 1);
}

TEST_F(VmtoolsdOverVsock, SlowHostThatSendsPartsIsUnderstood) {
  Start({"--vsock", "--vsock_set=delay=5ms", "--vsock_set=split=9"});
  EXPECT_EQ(Stat("main_channel_is_vsock"), 1);
  EXPECT_EQ(client().Tclo("ping", kPatience).value_or(""), "OK ");
  EXPECT_EQ(harness_->Execute({"vmtoolsd", "--cmd", "info-set guestinfo.x y"}).first, 0);
  EXPECT_EQ(client().Get("x").value_or("none"), "y");
  EXPECT_EQ(Stat("vsock_violations"), 0);
}

}  // namespace
}  // namespace toolboxd::vmxsim
