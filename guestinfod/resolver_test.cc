// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/resolver.h"

#include <filesystem>
#include <fstream>

#include "gtest/gtest.h"

namespace toolboxd::guestinfod {
namespace {

TEST(ResolvConf, ServersAndSuffixesAreParsed) {
  const v1::DnsConfiguration dns = ParseResolvConf(
      "# made by hand\nnameserver 10.0.0.2\n nameserver\tFE80:0:0::1%eth0 ; scoped\n"
      "search example.com corp.example.com\noptions edns0\nnameserver nonsense\n");
  ASSERT_EQ(dns.servers_size(), 2);
  EXPECT_EQ(dns.servers(0), "10.0.0.2");
  EXPECT_EQ(dns.servers(1), "fe80::1");
  ASSERT_EQ(dns.search_suffixes_size(), 2);
  EXPECT_EQ(dns.search_suffixes(1), "corp.example.com");
  EXPECT_EQ(dns.domain_name(), "example.com");
}

TEST(ResolvConf, LastDomainOrSearchLineCounts) {
  const v1::DnsConfiguration dns = ParseResolvConf("search a b\ndomain c\n");
  ASSERT_EQ(dns.search_suffixes_size(), 1);
  EXPECT_EQ(dns.domain_name(), "c");
}

TEST(ResolvConf, ServersAndSuffixesAreLimited) {
  std::string text = "search";
  for (int i = 0; i < 30; ++i) text += " d" + std::to_string(i);
  text += " " + std::string(300, 'x') + "\n";
  for (int i = 0; i < 30; ++i) text += "nameserver 10.0.0." + std::to_string(i) + "\n";
  const v1::DnsConfiguration dns = ParseResolvConf(text);
  EXPECT_EQ(dns.servers_size(), 16);
  EXPECT_EQ(dns.search_suffixes_size(), 10);
}

TEST(ResolvConf, LocalStubResolverIsRecognised) {
  EXPECT_TRUE(IsStub(ParseResolvConf("nameserver 127.0.0.53\n")));
  EXPECT_FALSE(IsStub(ParseResolvConf("nameserver 127.0.0.53\nnameserver 10.0.0.2\n")));
  EXPECT_FALSE(IsStub(ParseResolvConf("")));
}

TEST(EtcHosts, GivesTheFullHostName) {
  const char hosts[] =
      "127.0.0.1 localhost vm1\n127.0.1.1\tvm1.example.com vm1 # me\n10.0.0.9 vm10.example.com\n";
  EXPECT_EQ(FullHostName(hosts, "vm1"), "vm1.example.com");
  EXPECT_EQ(FullHostName(hosts, "vm2"), "vm2");
  EXPECT_EQ(FullHostName(hosts, "vm1.other.org"), "vm1.other.org");
  EXPECT_EQ(FullHostName("127.0.0.1 vm1.localdomain vm1\n", "vm1"), "vm1");
  EXPECT_EQ(FullHostName(hosts, ""), "");
}

class DnsFiles : public ::testing::Test {
 protected:
  void Write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  const std::string root_ =
      ::testing::TempDir() + ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(DnsFiles, UpstreamServersReplaceTheStub) {
  Write("/etc/resolv.conf", "nameserver 127.0.0.53\nsearch stub.example\n");
  Write("/run/systemd/resolve/resolv.conf", "nameserver 10.0.0.2\nsearch example.com\n");
  const v1::DnsConfiguration dns = ReadDnsConfiguration(root_, "vm1.example.com");
  ASSERT_EQ(dns.servers_size(), 1);
  EXPECT_EQ(dns.servers(0), "10.0.0.2");
  EXPECT_EQ(dns.search_suffixes(0), "example.com");
  EXPECT_EQ(dns.host_name(), "vm1");
}

TEST_F(DnsFiles, StubStaysWithoutUpstreamServers) {
  Write("/etc/resolv.conf", "nameserver 127.0.0.53\n");
  EXPECT_EQ(ReadDnsConfiguration(root_, "vm1").servers_size(), 1);
}

TEST_F(DnsFiles, MissingDomainIsTakenFromTheHostName) {
  const v1::DnsConfiguration dns = ReadDnsConfiguration(root_, "vm1.example.com");
  EXPECT_EQ(dns.host_name(), "vm1");
  EXPECT_EQ(dns.domain_name(), "example.com");
  EXPECT_EQ(dns.servers_size(), 0);
}

}  // namespace
}  // namespace toolboxd::guestinfod
