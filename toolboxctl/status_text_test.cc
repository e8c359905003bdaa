// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/status_text.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "toolboxctl/table.h"

namespace toolboxd {
namespace {

std::string Text(const v1::TransportStatus& status) {
  return StatusText(status, absl::UTCTimeZone(), Terminal());
}

constexpr char kHead[] =
    "registered  no\n"
    "channel     none\n";

TEST(StatusText, ShowsAGuestThatIsNotRegistered) { EXPECT_EQ(Text({}), kHead); }

TEST(StatusText, ShowsHostAndRegistration) {
  v1::TransportStatus status;
  status.set_version("0.2.0");
  status.set_started_time(1700000000);
  status.set_registered(true);
  status.set_registered_time(1700000001);
  status.set_channel("backdoor, high bandwidth");
  status.mutable_host()->set_product("VMware ESX");
  status.mutable_host()->set_hardware_version(19);
  EXPECT_EQ(Text(status),
            "toolboxd    0.2.0, since 2023-11-14 22:13:20 UTC\n"
            "host        VMware ESX, virtual hardware 19\n"
            "registered  yes, since 2023-11-14 22:13:21 UTC\n"
            "channel     backdoor, high bandwidth\n");
  status.set_channel_reason("the host refuses it");
  status.set_rpci_channel("vsock");
  EXPECT_NE(Text(status).find("channel     backdoor, high bandwidth\n"
                              "no vsock    the host refuses it\n"
                              "requests    over vsock\n"),
            std::string::npos);
  status.set_channel("vsock");
  EXPECT_EQ(Text(status).find("requests"), std::string::npos);
  status.mutable_host()->Clear();
  EXPECT_NE(Text(status).find("host        not known\n"), std::string::npos);
}

v1::ServiceStatus* AddService(const char* name, v1::TransportStatus& status) {
  v1::ServiceStatus* service = status.add_services();
  service->set_name(name);
  return service;
}

void AddFailure(int64_t time, const char* reason, v1::ServiceStatus* service) {
  v1::Failure* failure = service->add_last_failures();
  failure->set_time(time);
  failure->set_reason(reason);
}

TEST(StatusText, ShowsServicesWithTheirLastErrors) {
  v1::TransportStatus status;
  v1::ServiceStatus* transportd = AddService("transportd", status);
  transportd->set_state(v1::ServiceStatus::RUNNING);
  transportd->set_memory_bytes(1 << 20);
  v1::ServiceStatus* guestinfod = AddService("guestinfod", status);
  guestinfod->set_connected(true);
  guestinfod->set_restarts(1);
  v1::ServiceStatus* powerd = AddService("powerd", status);
  powerd->set_state(v1::ServiceStatus::STOPPED);
  powerd->set_calls(3);
  powerd->set_failures(2);
  AddFailure(1700000000, "down", powerd);
  AddFailure(1699990000, "slow", powerd);
  EXPECT_EQ(Text(status), absl::StrCat(kHead,
                                       "\n"
                                       "service     state       memory  calls  errors  restarts\n"
                                       "transportd  running    1.0 MiB      0       0         0\n"
                                       "guestinfod  connected        -      0       0         1\n"
                                       "powerd      on demand        -      3       2         0\n"
                                       "\n"
                                       "last errors\n"
                                       "powerd  11-14 22:13:20  down\n"
                                       "powerd  11-14 19:26:40  slow\n"));
}

// Nothing counts their calls: a zero would be wrong.
TEST(StatusText, ServicesOfUsersHaveNoNumbersOfCalls) {
  v1::TransportStatus status;
  AddService("hgfsd", status)->set_state(v1::ServiceStatus::RUNNING);
  AddService("vixd", status);
  const std::string text = Text(status);
  for (const char* const name : {"hgfsd", "vixd"}) {
    const size_t begin = text.find(name);
    ASSERT_NE(begin, std::string::npos);
    const std::string line = text.substr(begin, text.find('\n', begin) - begin);
    EXPECT_EQ(line.find('0'), std::string::npos) << line;
    EXPECT_EQ(line.back(), '-') << line;
  }
}

TEST(StatusText, LostStreamIsNotConnected) {
  v1::TransportStatus status;
  AddService("guestinfod", status)->set_state(v1::ServiceStatus::RUNNING);
  EXPECT_NE(Text(status).find("guestinfod  not connected"), std::string::npos);
}

TEST(StatusText, ShowsSnapshots) {
  v1::TransportStatus status;
  status.mutable_snapshots()->set_ended(3);
  status.mutable_snapshots()->set_failed(1);
  status.mutable_snapshots()->set_last_frozen_us(41500);
  EXPECT_EQ(Text(status),
            absl::StrCat(kHead, "\nsnapshots  3 ended, 1 failed, the last one froze for 41.5ms\n"));
  status.mutable_snapshots()->Clear();
  status.mutable_snapshots()->set_running(true);
  EXPECT_EQ(Text(status),
            absl::StrCat(kHead, "\nsnapshots  one is being taken, 0 ended, 0 failed\n"));
}

TEST(StatusText, ShowsWhatIsBroken) {
  v1::TransportStatus status;
  status.mutable_policy()->set_state(v1::ConfigurationStatus::BROKEN);
  status.mutable_policy()->add_faults("/p: line 1, column 2: bad");
  status.mutable_routes()->set_state(v1::ConfigurationStatus::BROKEN);
  status.mutable_routes()->add_faults("/a: bad");
  status.mutable_routes()->add_faults("/b: bad");
  EXPECT_EQ(Text(status),
            absl::StrCat(kHead,
                         "\n"
                         "policy  broken, guest operations are refused: /p: line 1, column 2: bad\n"
                         "routes  broken, skipped: /a: bad\n"
                         "routes  broken, skipped: /b: bad\n"));
}

TEST(StatusText, ShowsWhatWasReadAndBound) {
  v1::TransportStatus status;
  status.mutable_policy()->set_state(v1::ConfigurationStatus::READ);
  status.mutable_routes()->set_state(v1::ConfigurationStatus::READ);
  v1::ExtensionStatus* extension = status.add_extensions();
  extension->set_binding("command Echo");
  extension->set_socket("/run/echo.sock");
  EXPECT_EQ(Text(status), absl::StrCat(kHead,
                                       "\npolicy     read\nroutes     read\n"
                                       "extension  command Echo at /run/echo.sock\n"));
  status.clear_extensions();
  status.mutable_policy()->set_state(v1::ConfigurationStatus::ABSENT);
  status.mutable_routes()->set_state(v1::ConfigurationStatus::ABSENT);
  EXPECT_EQ(Text(status),
            absl::StrCat(kHead, "\npolicy  no file, everything is permitted\nroutes  none\n"));
}

TEST(StatusText, CountersAreSorted) {
  v1::TransportStatus status;
  (*status.mutable_counters())["requests"] = 2;
  (*status.mutable_counters())["polls"] = 100;
  EXPECT_EQ(Text(status), absl::StrCat(kHead, "\npolls     100\nrequests    2\n"));
}

TEST(StatusText, FitsEightyColumns) {
  v1::TransportStatus status;
  status.mutable_host()->set_product(std::string(120, 'p'));
  v1::ServiceStatus* service = AddService("guestinfod", status);
  service->set_calls(1000000000);
  service->set_failures(999999999);
  service->set_memory_bytes(uint64_t{1023} << 20);
  AddFailure(1700000000, "a reason of several words, which is long enough for two lines", service);
  const std::string text = StatusText(status, absl::UTCTimeZone(), {.width = 80, .colours = false});
  for (absl::string_view line : absl::StrSplit(text, '\n')) EXPECT_LE(Columns(line), 80u) << line;
}

TEST(StatusText, SizesAreBinary) {
  EXPECT_EQ(SizeText(0), "-");
  EXPECT_EQ(SizeText(1023), "1023 B");
  EXPECT_EQ(SizeText(1536), "1.5 KiB");
  EXPECT_EQ(SizeText(uint64_t{3} << 40), "3.0 TiB");
}

}  // namespace
}  // namespace toolboxd
