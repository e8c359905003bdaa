// SPDX-License-Identifier: Apache-2.0

#include "deployd/cust_cfg.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "deployd/limits.h"
#include "deployd/testing/test_package.h"
#include "gtest/gtest.h"

namespace toolboxd::deployd {
namespace {

std::string ErrorOf(absl::string_view text) {
  return std::string(ParseCustCfg(text).status().message());
}

TEST(CustCfg, ParsesTheDocumentedVector) {
  const auto read = ParseCustCfg(kVectorConfiguration);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->host_name, "web1");
  EXPECT_EQ(read->domain_name, "example.com");
  ASSERT_EQ(read->adapters.size(), 1u);
  EXPECT_EQ(read->adapters[0].name, "NIC1");
  EXPECT_EQ(read->adapters[0].mac_address, "00:50:56:aa:bb:cc");
  EXPECT_TRUE(read->adapters[0].primary && read->adapters[0].on_boot);
  EXPECT_EQ(read->adapters[0].ipv4_mode, "BACKWARDS_COMPATIBLE");
  EXPECT_EQ(read->adapters[0].boot_protocol, "dhcp");
  EXPECT_TRUE(read->dns_from_dhcp);
  EXPECT_EQ(read->time_zone, "Etc/UTC");
  EXPECT_EQ(read->utc, "yes");
  EXPECT_EQ(read->password, "");
}

constexpr char kWhole[] =
    "# comment\r\n; another\r\n[NETWORK]\r\nHOSTNAME: db\r\n"
    "[NIC-CONFIG]\nNICS = NIC1, NIC2\n"
    "[NIC1]\nMACADDR = 00:50:56:00:00:01\nIPv4_MODE = STATIC\nBOOTPROTO = static\n"
    "IPADDR = 192.0.2.10\nNETMASK = 255.255.255.0\nGATEWAY = 192.0.2.1, 192.0.2.2\n"
    "IPv6ADDR|1 = 2001:db8::10\nIPv6NETMASK|1 = 64\nIPv6GATEWAY|1 = 2001:db8::1\n"
    "IPv6ADDR|2 = 2001:db8::11\nIPv6NETMASK|2 = 64\n"
    "[NIC2]\nMACADDR = 00:50:56:00:00:02\nONBOOT = no\n"
    "[DNS]\nDNSFROMDHCP = no\nSUFFIX|1 = example.com\nNAMESERVER|10 = 192.0.2.54\n"
    "NAMESERVER|2 = 192.0.2.53\nNAMESERVER|x = no\n"
    "[PASSWORD]\n-PASS = c2VjcmV0Cg==\nRESET = yes\n"
    "[CUSTOM-SCRIPT]\nSCRIPT-NAME = customize.sh\n"
    "[MISC]\nMARKER-ID = m1\nPOST-GC-STATUS = yes\nDEFAULT-RUN-POST-CUST-SCRIPT = yes\n"
    "INSTANCE-ID = i1\n[CLOUDINIT]\nMETADATA = metadata\nUSERDATA = userdata\n"
    "[GOSC]\nCOMPATIBILITY = x\n[CUSTOM-SOURCE]\nCUSTOMIZATION_SOURCE = vcenter-clone\n";

TEST(CustCfg, EveryKeyIsRead) {
  const auto read = ParseCustCfg(kWhole);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->host_name, "db");
  ASSERT_EQ(read->adapters.size(), 2u);
  const Adapter& first = read->adapters[0];
  EXPECT_EQ(first.ip_address, "192.0.2.10");
  EXPECT_EQ(first.netmask, "255.255.255.0");
  EXPECT_EQ(first.gateways, (std::vector<std::string>{"192.0.2.1", "192.0.2.2"}));
  ASSERT_EQ(first.ipv6.size(), 2u);
  EXPECT_EQ(first.ipv6[0].gateway, "2001:db8::1");
  EXPECT_EQ(first.ipv6[1].address, "2001:db8::11");
  EXPECT_EQ(first.ipv6[1].prefix_length, "64");
  EXPECT_FALSE(read->adapters[1].on_boot);
  EXPECT_EQ(read->name_servers, (std::vector<std::string>{"192.0.2.53", "192.0.2.54"}));
  EXPECT_EQ(read->dns_suffixes, std::vector<std::string>{"example.com"});
  EXPECT_EQ(read->password, "c2VjcmV0Cg==");
  EXPECT_TRUE(read->expire_passwords && read->post_status && read->run_default_script);
  EXPECT_EQ(read->script_name, "customize.sh");
  EXPECT_EQ(read->marker_id, "m1");
  EXPECT_EQ(read->instance_id, "i1");
  EXPECT_EQ(read->metadata, "metadata");
  EXPECT_EQ(read->userdata, "userdata");
  EXPECT_EQ(read->compatibility, "x");
  EXPECT_EQ(read->source, "vcenter-clone");
}

TEST(CustCfg, FaultsNameTheirLineAndNotItsText) {
  EXPECT_EQ(ErrorOf("[A]\nsecret text"), "cust.cfg, line 2: not KEY = VALUE");
  EXPECT_EQ(ErrorOf("secret = text"), "cust.cfg, line 1: a key outside a section");
  EXPECT_EQ(ErrorOf("[A]\nB=1\n\nB=2"), "cust.cfg, line 4: a key that is there already");
  EXPECT_EQ(ErrorOf("[A]\n[A]"), "cust.cfg, line 2: a section that is there already");
  EXPECT_EQ(ErrorOf("[A"), "cust.cfg, line 1: a section without \"]\"");
  EXPECT_EQ(ErrorOf("[A]\n=1"), "cust.cfg, line 2: not KEY = VALUE");
  EXPECT_EQ(ErrorOf("[NIC-CONFIG]\nNICS = NIC1"),
            "cust.cfg: NICS names a section that is missing, or names it twice");
  EXPECT_EQ(ErrorOf("[A]\nB=\xff"), "cust.cfg is not text in UTF-8");
  EXPECT_EQ(ErrorOf(absl::string_view("[A]\nB=\0", 7)), "cust.cfg is not text in UTF-8");
}

TEST(CustCfg, SizeAndKeysAreBounded) {
  EXPECT_TRUE(ParseCustCfg(std::string(kMaxCustCfgBytes, '\n')).ok());
  EXPECT_EQ(ErrorOf(std::string(kMaxCustCfgBytes + 1, '\n')), "cust.cfg has more than 512 KiB");
  std::string text = "[A]\n";
  for (size_t i = 1; i < kMaxCustCfgKeys; ++i) absl::StrAppend(&text, i, "=\n");
  EXPECT_TRUE(ParseCustCfg(text).ok());
  EXPECT_EQ(ErrorOf(text + "x=\n"), "cust.cfg, line 4097: more than 4096 keys");
}

TEST(CustCfg, EmptyFileHasNothing) {
  const auto read = ParseCustCfg("");
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(ToJson(*read), "{}");
}

TEST(CustCfgJson, HasWhatIsSet) {
  EXPECT_EQ(ToJson(*ParseCustCfg(kVectorConfiguration)),
            "{\"host_name\":\"web1\",\"domain_name\":\"example.com\",\"adapters\":[{"
            "\"name\":\"NIC1\",\"mac_address\":\"00:50:56:aa:bb:cc\",\"primary\":true,"
            "\"on_boot\":true,\"ipv4_mode\":\"BACKWARDS_COMPATIBLE\",\"boot_protocol\":\"dhcp\"}],"
            "\"dns_from_dhcp\":true,\"time_zone\":\"Etc/UTC\",\"utc\":\"yes\"}");
  const std::string whole = ToJson(*ParseCustCfg(kWhole));
  EXPECT_TRUE(absl::StrContains(whole, "\"password\":\"c2VjcmV0Cg==\",\"expire_passwords\":true"));
  EXPECT_TRUE(absl::StrContains(
      whole, "\"ipv6\":[{\"address\":\"2001:db8::10\",\"prefix_length\":\"64\",\"gateway\":"));
}

TEST(CustCfgJson, TextIsEscaped) {
  EXPECT_EQ(ToJson(*ParseCustCfg("[NETWORK]\nHOSTNAME = a\"b\\c\x01\xc3\xa4")),
            "{\"host_name\":\"a\\\"b\\\\c\\u0001\xc3\xa4\"}");
}

// 40 kB of repeated names would take 200 MB.
TEST(CustCfg, SectionOfAnAdapterCountsOnce) {
  EXPECT_FALSE(ParseCustCfg("[NIC-CONFIG]\nNICS=A,A\n[A]\nONBOOT=yes\n").ok());
  std::string names, sections;
  for (size_t i = 0; i <= kMaxAdapters; ++i) {
    absl::StrAppend(&names, i == 0 ? "" : ",", "N", i);
    absl::StrAppend(&sections, "[N", i, "]\nONBOOT=yes\n");
    const bool accepted =
        ParseCustCfg(absl::StrCat("[NIC-CONFIG]\nNICS=", names, "\n", sections)).ok();
    EXPECT_EQ(accepted, i < kMaxAdapters) << i;
  }
}

}  // namespace
}  // namespace toolboxd::deployd
