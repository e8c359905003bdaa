// SPDX-License-Identifier: Apache-2.0

// The address of the machine's system bus is overridden before anything connects.

#include "guestinfod/resolved.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/testing/fake_managers.h"
#include "gtest/gtest.h"

namespace toolboxd::guestinfod {
namespace {

using ::std::string_literals::operator""s;

struct Server {
  int32_t index;
  int32_t family;
  std::string bytes;
};
struct Domain {
  int32_t index;
  std::string name;
  bool routes_only;
};

// A bus with a systemd-resolved that has these properties. Set them before Start.
class ResolvedTest : public ::testing::Test {
 protected:
  ResolvedTest() { setenv("DBUS_SYSTEM_BUS_ADDRESS", bus_.address().c_str(), 1); }
  ~ResolvedTest() override {
    done_ = true;
    if (thread_.joinable()) thread_.join();
    if (connection_ != nullptr) sd_bus_flush_close_unref(connection_);
  }

  void Start() {
    static const sd_bus_vtable manager[] = {
        SD_BUS_VTABLE_START(0), SD_BUS_PROPERTY("DNS", "a(iiay)", &ResolvedTest::GetServers, 0, 0),
        SD_BUS_PROPERTY("Domains", "a(isb)", &ResolvedTest::GetDomains, 0, 0), SD_BUS_VTABLE_END};
    connection_ = bus_.Connect();
    ASSERT_NE(connection_, nullptr) << "is dbus-daemon installed?";
    ASSERT_GE(sd_bus_add_object_vtable(connection_, nullptr, "/org/freedesktop/resolve1",
                                       "org.freedesktop.resolve1.Manager", manager, this),
              0);
    ASSERT_GE(sd_bus_request_name(connection_, "org.freedesktop.resolve1", 0), 0);
    thread_ = std::thread([this] {
      while (!done_) {
        if (sd_bus_process(connection_, nullptr) == 0) sd_bus_wait(connection_, 10'000);
      }
    });
  }

  static int GetServers(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply,
                        void* data, sd_bus_error*) {
    sd_bus_message_open_container(reply, 'a', "(iiay)");
    for (const Server& server : static_cast<ResolvedTest*>(data)->servers_) {
      sd_bus_message_open_container(reply, 'r', "iiay");
      sd_bus_message_append(reply, "ii", server.index, server.family);
      sd_bus_message_append_array(reply, 'y', server.bytes.data(), server.bytes.size());
      sd_bus_message_close_container(reply);
    }
    return sd_bus_message_close_container(reply);
  }

  static int GetDomains(sd_bus*, const char*, const char*, const char*, sd_bus_message* reply,
                        void* data, sd_bus_error*) {
    sd_bus_message_open_container(reply, 'a', "(isb)");
    for (const Domain& domain : static_cast<ResolvedTest*>(data)->domains_) {
      sd_bus_message_append(reply, "(isb)", domain.index, domain.name.c_str(),
                            static_cast<int>(domain.routes_only));
    }
    return sd_bus_message_close_container(reply);
  }

  // "2: 10.0.0.2 / example.com", one for each interface.
  static std::vector<std::string> Lines() {
    const absl::StatusOr<LinkDns> links = ReadResolved(absl::Seconds(20));
    EXPECT_TRUE(links.ok()) << links.status();
    std::vector<std::string> lines;
    if (!links.ok()) return lines;
    for (const auto& [index, dns] : *links) {
      lines.push_back(absl::StrCat(index, ": ", absl::StrJoin(dns.servers(), " "), " / ",
                                   absl::StrJoin(dns.search_suffixes(), " ")));
    }
    return lines;
  }

  PrivateBus bus_;
  std::vector<Server> servers_;
  std::vector<Domain> domains_;
  sd_bus* connection_ = nullptr;
  std::thread thread_;
  std::atomic<bool> done_ = false;
};

using Texts = std::vector<std::string>;
const std::string kIpv6 = "\x20\1\x0d\xb8"s + std::string(11, '\0') + "\x53";

TEST_F(ResolvedTest, ServersAndDomainsAreOfTheirInterfaces) {
  servers_ = {{0, AF_INET, "\1\1\1\1"},
              {2, AF_INET, "\x0a\0\0\2"s},
              {3, AF_INET6, kIpv6},
              {2, AF_INET6, kIpv6}};
  domains_ = {{0, "global.example", false},
              {2, "example.com", false},
              {2, "vpn.example.com", true},
              {4, "example.org", false}};
  Start();
  EXPECT_EQ(Lines(), (Texts{"2: 10.0.0.2 2001:db8::53 / example.com", "3: 2001:db8::53 / ",
                            "4:  / example.org"}));
}

TEST_F(ResolvedTest, EmptyConfigurationIsReportedEmpty) {
  Start();
  EXPECT_EQ(Lines(), Texts{});
}

TEST_F(ResolvedTest, OddAddressesAndDomainsAreSkipped) {
  servers_ = {{2, AF_INET, kIpv6},
              {2, AF_INET6, ""},
              {2, 99, "\1\2\3\4"},
              {-2, AF_INET, "\1\1\1\1"},
              {2, AF_INET, "\x0a\0\0\2"s}};
  domains_ = {
      {2, ".", false}, {2, "", false}, {2, std::string(256, 'x'), false}, {2, "a\x01z", false}};
  Start();
  EXPECT_EQ(Lines(), Texts{"2: 10.0.0.2 / a?z"});
}

TEST_F(ResolvedTest, ServersDomainsAndInterfacesAreBounded) {
  for (int32_t i = 1; i <= 10'000; ++i) servers_.push_back({i, AF_INET, "\1\1\1\1"});
  for (int i = 0; i < 100; ++i) {
    servers_.push_back({1, AF_INET, "\1\1\1\1"});
    domains_.push_back({1, "example.com", false});
  }
  Start();
  const LinkDns links = ReadResolved(absl::Seconds(20)).value();
  EXPECT_EQ(links.size(), 4096u);
  EXPECT_EQ(links.at(1).servers_size(), 16);
  EXPECT_EQ(links.at(1).search_suffixes_size(), 10);
}

TEST_F(ResolvedTest, MissingServiceIsAnErrorAndIsNotStarted) {
  sd_bus* connection = bus_.Connect();
  ASSERT_NE(connection, nullptr) << "is dbus-daemon installed?";
  sd_bus_flush_close_unref(connection);
  EXPECT_FALSE(ReadResolved(absl::Seconds(20)).ok());
}

TEST_F(ResolvedTest, MissingBusIsAnError) {
  setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
  EXPECT_EQ(ReadResolved(absl::Seconds(20)).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace toolboxd::guestinfod
