// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/link_settings.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"

namespace toolboxd::guestinfod {
namespace {

namespace fs = std::filesystem;

// The files as systemd 252 writes them, below a folder of the test's own.
class LinkSettingsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(root_);
    Write("resolve/resolv.conf", "nameserver 10.0.0.2\n");
  }

  std::string Path(const std::string& path) const { return root_ + "/run/systemd/" + path; }

  void Write(const std::string& path, const std::string& text) {
    fs::create_directories(fs::path(Path(path)).parent_path());
    std::ofstream(Path(path)) << text;
  }

  // "10.0.0.2 2001:db8::53 / example.com"; "-" if networkd does not manage the interface.
  std::string Dns(uint32_t index = 2) {
    const std::optional<v1::DnsConfiguration> dns = ReadManagedDns(root_, index);
    if (!dns) return "-";
    return absl::StrCat(absl::StrJoin(dns->servers(), " "), " / ",
                        absl::StrJoin(dns->search_suffixes(), " "));
  }

  const std::string root_ =
      ::testing::TempDir() + ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

constexpr char kManaged[] =
    "# This is private data. Do not parse.\n"
    "ADMIN_STATE=configured\nOPER_STATE=routable\nREQUIRED_FOR_ONLINE=yes\n"
    "NETWORK_FILE=/etc/systemd/network/10-lan.network\n"
    "DNS=10.0.0.2 2001:db8::53\nNTP=10.0.0.3\nDOMAINS=example.com corp.example.com\n"
    "ROUTE_DOMAINS=vpn.example.com\nLLMNR=yes\nDHCP_LEASE=/run/systemd/netif/leases/2\n";

TEST_F(LinkSettingsTest, ManagedInterfaceHasTheServersOfNetworkd) {
  Write("netif/links/2", kManaged);
  EXPECT_EQ(Dns(), "10.0.0.2 2001:db8::53 / example.com corp.example.com");
  EXPECT_EQ(ReadManagedDns(root_, 2)->domain_name(), "example.com");
  EXPECT_EQ(Dns(3), "-");
  for (const char* state : {"unmanaged", "pending", "initialized", ""}) {
    Write("netif/links/2", absl::StrCat("ADMIN_STATE=", state, "\nDNS=10.9.9.9\n"));
    EXPECT_EQ(Dns(), "-") << state;
  }
}

TEST_F(LinkSettingsTest, PortsScopesAndServerNamesAreLeftOut) {
  Write("netif/links/2",
        "ADMIN_STATE=configuring\n"
        "DNS=10.0.0.2#dns.example.com 10.0.0.3:5353 [2001:db8::1]:853#dns.example.com "
        "fe80::1%2 [fe80::2]:53%ens192 ::ffff:10.0.0.4 2001:DB8:0::5\n");
  EXPECT_EQ(Dns(), "10.0.0.2 10.0.0.3 2001:db8::1 fe80::1 fe80::2 ::ffff:10.0.0.4 2001:db8::5 / ");
}

TEST_F(LinkSettingsTest, NonsenseIsSkipped) {
  Write("netif/links/2",
        "ADMIN_STATE=configured\nDNS\n=\nDNS=[ [] ] : %3 #x 10.0.0.256 10.0.0.7 1:2.3 [10.0.0.8] "
        "example.com\nDOMAINS= . ~r.example " +
            std::string(256, 'x') + " a\x01" + "z ok.example\n");
  EXPECT_EQ(Dns(), "10.0.0.7 10.0.0.8 / a?z ok.example");
}

TEST_F(LinkSettingsTest, ServersAndDomainsAreBounded) {
  std::string servers = "DNS=", domains = "DOMAINS=";
  for (int i = 0; i < 200; ++i) {
    absl::StrAppend(&servers, "10.0.0.", i, " ");
    absl::StrAppend(&domains, "d", i, ".example ");
  }
  Write("netif/links/2", absl::StrCat("ADMIN_STATE=configured\n", servers, "\n", domains, "\n"));
  EXPECT_EQ(ReadManagedDns(root_, 2)->servers_size(), 16);
  EXPECT_EQ(ReadManagedDns(root_, 2)->search_suffixes_size(), 10);
}

TEST_F(LinkSettingsTest, HugeFilesAreReadToTheirLimit) {
  Write("netif/links/2", "ADMIN_STATE=configured\nDNS=10.0.0.2\n" + std::string(64 * 1024, 'x'));
  ASSERT_EQ(truncate(Path("netif/links/2").c_str(), off_t{1} << 40), 0);
  EXPECT_EQ(Dns(), "10.0.0.2 / ");
  // The line that the limit cuts does not count.
  const std::string start = "ADMIN_STATE=configured\n#";
  Write("netif/links/3",
        start + std::string(64 * 1024 - start.size() - 12, 'x') + "\nDNS=10.0.0.2\n");
  EXPECT_EQ(Dns(3), " / ");
}

TEST_F(LinkSettingsTest, LinksFifosAndFoldersAreNotRead) {
  Write("elsewhere/2", kManaged);
  fs::create_directories(Path("netif/links"));
  fs::create_symlink(Path("elsewhere/2"), Path("netif/links/2"));
  EXPECT_EQ(Dns(), "-");
  fs::remove_all(Path("netif/links"));
  fs::create_directory_symlink(Path("elsewhere"), Path("netif/links"));
  EXPECT_EQ(Dns(), "-");
  fs::remove(Path("netif/links"));
  // Neither a FIFO nor a folder makes this wait or fail.
  fs::create_directories(Path("netif/links/3"));
  ASSERT_EQ(mkfifo(Path("netif/links/2").c_str(), 0644), 0);
  EXPECT_EQ(Dns(), "-");
  EXPECT_EQ(Dns(3), "-");
}

class InterfaceSettingsTest : public LinkSettingsTest {
 protected:
  InterfaceSettingsTest() {
    v1::NetworkInterface* nic = snapshot_.add_interfaces();
    nic->set_index(2);
    for (const char* text : {"10.0.0.5", "10.0.0.6", "2001:db8::5"}) {
      v1::InterfaceAddress* address = nic->add_addresses();
      address->set_address(text);
      address->set_origin(v1::InterfaceAddress::MANUAL);
    }
  }

  v1::GuestInfoSnapshot snapshot_;
};

TEST_F(InterfaceSettingsTest, LeaseWithoutAnEndIsDhcp) {
  Write("netif/leases/2",
        "# This is private data. Do not parse.\nADDRESS=10.0.0.6\nROUTER=10.0.0.1\n");
  AddLinkSettings(root_, {}, snapshot_);
  const v1::NetworkInterface& nic = snapshot_.interfaces(0);
  EXPECT_TRUE(nic.dhcp4());
  EXPECT_FALSE(nic.dhcp6());
  EXPECT_EQ(nic.addresses(0).origin(), v1::InterfaceAddress::MANUAL);
  EXPECT_EQ(nic.addresses(1).origin(), v1::InterfaceAddress::DHCP);
}

TEST_F(InterfaceSettingsTest, LeaseOfAnAddressThatIsGoneChangesNothing) {
  for (const char* lease : {"ADDRESS=10.0.0.7\n", "ADDRESS=\n", "", "ADDRESS=2001:db8::5\n"}) {
    Write("netif/leases/2", lease);
    AddLinkSettings(root_, {}, snapshot_);
    EXPECT_FALSE(snapshot_.interfaces(0).dhcp4()) << lease;
  }
}

TEST_F(InterfaceSettingsTest, ResolvedSaysWhatNetworkdDoesNotManage) {
  LinkDns resolved;
  resolved[2].add_servers("10.0.0.4");
  EXPECT_TRUE(IsResolvedNeeded(root_, snapshot_));
  AddLinkSettings(root_, resolved, snapshot_);
  EXPECT_EQ(snapshot_.interfaces(0).dns().servers(0), "10.0.0.4");
  Write("netif/links/2", kManaged);
  EXPECT_FALSE(IsResolvedNeeded(root_, snapshot_));
  AddLinkSettings(root_, resolved, snapshot_);
  EXPECT_EQ(snapshot_.interfaces(0).dns().servers(0), "10.0.0.2");
}

TEST_F(InterfaceSettingsTest, SettingsThatAreGoneAreTakenBack) {
  LinkDns resolved;
  resolved[2].add_servers("10.0.0.4");
  AddLinkSettings(root_, resolved, snapshot_);
  ASSERT_TRUE(snapshot_.interfaces(0).has_dns());
  AddLinkSettings(root_, {}, snapshot_);
  EXPECT_FALSE(snapshot_.interfaces(0).has_dns());
}

TEST_F(InterfaceSettingsTest, NothingIsReportedWhereResolvedDoesNotRun) {
  Write("netif/links/2", kManaged);
  fs::remove(Path("resolve/resolv.conf"));
  LinkDns resolved;
  resolved[2].add_servers("10.0.0.4");
  EXPECT_FALSE(IsResolvedNeeded(root_, snapshot_));
  AddLinkSettings(root_, resolved, snapshot_);
  EXPECT_FALSE(snapshot_.interfaces(0).has_dns());
}

}  // namespace
}  // namespace toolboxd::guestinfod
