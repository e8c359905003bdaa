// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/nic_info.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"

namespace toolboxd::vmxsim {
namespace {

std::string Bytes(absl::string_view hex) {
  return absl::HexStringToBytes(absl::StrReplaceAll(hex, {{" ", ""}}));
}

// docs/protocol/guest-info.md 3.11.
const std::string kOne = Bytes(
    "00000003 00000001 00000001 00000011 30303a35 303a3536 3a61613a 62623a63"
    "63000000 00000002 00000001 00000004 0a000005 00000018 00000000 00000001"
    "00000001 00000002 00000010 fe800000 00000000 025056ff feaabbcc 00000040"
    "00000000 00000001 00000001 00000000 00000000 00000000 00000000 00000000"
    "00000000 00000000 00000000 00000000");
const std::string kFull = Bytes(
    "00000003 00000001 00000001 00000011 30303a35 303a3536 3a61613a 62623a63"
    "63000000 00000001 00000001 00000004 0a000005 00000018 00000001 00000004"
    "00000001 00000001 00000001 00000001 00000003 766d3100 00000001 0000000b"
    "6578616d 706c652e 636f6d00 00000001 00000001 00000004 0a000002 00000001"
    "0000000b 6578616d 706c652e 636f6d00 00000000 00000001 00000001 00000000"
    "00000000 00000001 00000001 00000004 00000000 00000000 00000001 00000001"
    "00000004 0a000001 00000000 00000004 00000000 00000001 00000001 00000003"
    "766d3100 00000000 00000001 00000001 00000004 0a000002 00000000 00000000"
    "00000000 00000000");

TEST(NicInfoDecoder, DecodesOneInterface) {
  const absl::StatusOr<NicInfo> info = DecodeNicInfo(kOne);
  ASSERT_TRUE(info.ok()) << info.status();
  ASSERT_EQ(info->nics.size(), 1u);
  EXPECT_EQ(info->version, 3u);
  EXPECT_EQ(info->nics[0].mac, "00:50:56:aa:bb:cc");
  EXPECT_FALSE(info->nics[0].dhcp4);
  EXPECT_EQ(NicInfoText(*info),
            "nic 0 00:50:56:aa:bb:cc\n  address 10.0.0.5/24 status=1\n"
            "  address fe80::250:56ff:feaa:bbcc/64 status=1\n");
}

TEST(NicInfoDecoder, DecodesDnsAndRoutes) {
  const absl::StatusOr<NicInfo> info = DecodeNicInfo(kFull);
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(NicInfoText(*info),
            "nic 0 00:50:56:aa:bb:cc\n  address 10.0.0.5/24 origin=4 status=1\n"
            "  dns host=vm1 domain=example.com servers=10.0.0.2 search=example.com\n"
            "route 0.0.0.0/0 via 10.0.0.1 nic 0 type=4 metric=0\n"
            "dns host=vm1 servers=10.0.0.2\n");
  EXPECT_TRUE(info->nics[0].dhcp4);
  EXPECT_FALSE(info->nics[0].dhcp6);
}

// char[size] of version 2.
std::string Units(absl::string_view text, size_t size) {
  std::string units;
  for (size_t i = 0; i < size; ++i) units += {'\0', '\0', '\0', i < text.size() ? text[i] : '\0'};
  return units;
}

TEST(NicInfoDecoder, DecodesVersion2) {
  const std::string begin =
      Bytes("00000002 00000001 00000001") + Units("00:50:56:aa:bb:cc", 18) + Bytes("00000002");
  const std::string ipv4 = Bytes("00000000 00000001") + Units("10.0.0.5", 64) + Units("24", 64);
  const std::string ipv6 = Bytes("00000001 00000000") + Units("fe80::1", 64) + Units("64", 64);
  const absl::StatusOr<NicInfo> info = DecodeNicInfo(begin + ipv4 + ipv6);
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ(info->version, 2u);
  EXPECT_EQ(NicInfoText(*info),
            "nic 0 00:50:56:aa:bb:cc\n  address 10.0.0.5/24\n  address fe80::1/64\n");
  EXPECT_TRUE(info->nics[0].dhcp4);
  EXPECT_FALSE(info->nics[0].dhcp6);
  EXPECT_FALSE(DecodeNicInfo(begin + ipv4).ok());
  EXPECT_FALSE(
      DecodeNicInfo(begin + ipv4 + ipv4.substr(0, 8) + Units("fe80::1", 64) + Units("64", 64))
          .ok());
}

TEST(NicInfoDecoder, EveryTruncationIsMalformed) {
  for (size_t size = 0; size < kFull.size(); ++size) {
    EXPECT_FALSE(DecodeNicInfo(kFull.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(DecodeNicInfo(kFull + std::string(4, '\0')).ok());
}

TEST(NicInfoDecoder, RefusesHugeCountsAndOtherVersions) {
  EXPECT_FALSE(DecodeNicInfo(Bytes("00000003 00000001 ffffffff")).ok());
  EXPECT_FALSE(DecodeNicInfo(Bytes("00000003 00000002 00000000")).ok());
  EXPECT_FALSE(DecodeNicInfo(Bytes("00000004 00000000")).ok());
  // A route by an interface that is not there.
  std::string route = kFull;
  route[route.find(Bytes("0a000001 00000000")) + 7] = 1;
  EXPECT_FALSE(DecodeNicInfo(route).ok());
}

}  // namespace
}  // namespace toolboxd::vmxsim
