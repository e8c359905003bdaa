// SPDX-License-Identifier: Apache-2.0

#include "base/ip_address.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using ::std::string_literals::operator""s;

TEST(ParseIpAddress, Ipv4IsFourBytes) {
  EXPECT_EQ(ParseIpAddress("192.0.2.10"), "\xc0\0\2\x0a"s);
  EXPECT_EQ(ParseIpAddress("0.0.0.0"), "\0\0\0\0"s);
}

TEST(ParseIpAddress, Ipv6IsSixteenBytes) {
  const std::string bytes = "\x20\1\x0d\xb8"s + std::string(11, '\0') + "\1";
  for (const char* text : {"2001:db8::1", "2001:DB8:0:0:0:0:0:1", "2001:db8:0::0:1"}) {
    EXPECT_EQ(ParseIpAddress(text), bytes) << text;
  }
}

TEST(ParseIpAddress, OtherTextIsRefused) {
  for (const std::string& text :
       {""s, "vm1.example.com"s, "192.0.2"s, "192.0.2.256"s, "192.0.2.10/24"s, " 192.0.2.10"s,
        "192.0.2.10\0"s, "192.0.2.10\0x"s, "fe80::1%eth0"s, ":::"s, "1::2::3"s, "\xc0\0\2\x0a"s,
        std::string(100, '1')}) {
    EXPECT_EQ(ParseIpAddress(text), std::nullopt) << text;
  }
}

TEST(IpAddressText, IsCanonical) {
  struct {
    const char* text;
    const char* canonical;
  } const kCases[] = {
      {"192.0.2.10", "192.0.2.10"},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:0db8:0001:0001:0001:0001:0000:0001", "2001:db8:1:1:1:1:0:1"},
      {"::FFFF:192.0.2.1", "::ffff:192.0.2.1"},
      {"0:0:0:0:0:0:0:0", "::"},
  };
  for (const auto& c : kCases) EXPECT_EQ(IpAddressText(*ParseIpAddress(c.text)), c.canonical);
}

TEST(IpAddressText, IsEmptyForOtherLengths) {
  EXPECT_EQ(IpAddressText(""), "");
  EXPECT_EQ(IpAddressText("abc"), "");
  EXPECT_EQ(IpAddressText(std::string(17, 'x')), "");
}

}  // namespace
}  // namespace toolboxd
