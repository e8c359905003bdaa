// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/vsock_packet.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"

namespace toolboxd::vmxsim {
namespace {

std::string Hex(absl::string_view text) {
  return absl::HexStringToBytes(absl::StrReplaceAll(text, {{" ", ""}}));
}

// The vectors of docs/protocol/transport.md 1.13.2.
constexpr char kRpciData[] =
    "00000032 00000001 00000001 00000001 00000000 00000002 00000002 00000016"
    "696e666f 2d676574 20677565 7374696e 666f2e66 6f6f";
constexpr char kRpciFastClose[] =
    "00000042 00000001 00000001 00000001 00000000 00000002 00000002 00000016"
    "696e666f 2d676574 20677565 7374696e 666f2e66 6f6f0000 00010000 00030000"
    "00010000 0000";
constexpr char kPing[] = "00000010 00000001 00000001 00000002 00000000";
constexpr char kTcloReply[] =
    "0000002a 00000001 00000001 00000001 00000000 00000002 00000002 0000000e"
    "4f4b2041 54522074 6f6f6c62 6f78";

struct Vector {
  const char* hex;
  VsockPacket packet;
};

const Vector kVectors[] = {
    {kRpciData, {VsockPacketType::kData, "info-get guestinfo.foo", false, 0}},
    {kRpciFastClose, {VsockPacketType::kData, "info-get guestinfo.foo", true, 0}},
    {kPing, {VsockPacketType::kPing, "", false, 0}},
    {kTcloReply, {VsockPacketType::kData, "OK ATR toolbox", false, 0}},
};

TEST(VsockPacket, VectorsAreReadAndWritten) {
  for (const Vector& vector : kVectors) {
    const std::string bytes = Hex(vector.hex);
    EXPECT_EQ(EncodeVsockPacket(vector.packet), bytes);
    EXPECT_EQ(VsockBodySize(bytes).value_or(0), bytes.size() - kVsockLengthSize);
    const absl::StatusOr<VsockPacket> packet = DecodeVsockBody(bytes.substr(kVsockLengthSize));
    ASSERT_TRUE(packet.ok()) << packet.status();
    EXPECT_EQ(packet->type, vector.packet.type);
    EXPECT_EQ(packet->payload, vector.packet.payload);
    EXPECT_EQ(packet->fast_close, vector.packet.fast_close);
    EXPECT_EQ(packet->unknown_fields, 0);
  }
}

TEST(VsockPacket, PartOfABodyIsMalformed) {
  for (const Vector& vector : kVectors) {
    const std::string body = Hex(vector.hex).substr(kVsockLengthSize);
    for (size_t size = 1; size < body.size(); ++size) {
      // What ends between two entries is a packet of its own.
      if (size == 16 || (size == 50 && vector.packet.fast_close)) continue;
      EXPECT_FALSE(DecodeVsockBody(body.substr(0, size)).ok()) << size;
    }
  }
}

TEST(VsockPacket, LengthIsBounded) {
  EXPECT_EQ(VsockBodySize(Hex("00010100")).value_or(0), kMaxVsockBody);
  EXPECT_FALSE(VsockBodySize(Hex("00010101")).ok());
  EXPECT_FALSE(VsockBodySize(Hex("ffffffff")).ok());
}

std::string WhyMalformed(absl::string_view hex) {
  const absl::StatusOr<VsockPacket> packet = DecodeVsockBody(Hex(hex));
  return packet.ok() ? "" : std::string(packet.status().message());
}

TEST(VsockPacket, WrongFieldsAreNamed) {
  EXPECT_EQ(WhyMalformed(""), "malformed packet: no TYPE");
  EXPECT_EQ(WhyMalformed("00000001 00000001 00000003 00000000"), "malformed packet: TYPE is 3");
  EXPECT_EQ(WhyMalformed("00000001 00000001 00000001 00000001"),
            "malformed packet: TYPE is 4294967297");
  EXPECT_EQ(WhyMalformed("00000001 00000001 00000001 00000000 00000002 00000002 00000000"),
            "malformed packet: an empty string");
  EXPECT_EQ(WhyMalformed("00000002 00000001 00000001 31"),
            "malformed packet: field 1 is of type 2");
  EXPECT_EQ(WhyMalformed("00000005 00000063 00000001 31"), "malformed packet: a value of type 5");
  EXPECT_EQ(WhyMalformed("00000002 00000002 00010001"),
            "malformed packet: a message of 65537 bytes");
}

TEST(VsockPacket, UnknownFieldsAreSkippedAndCounted) {
  const std::string bytes = *MalformedVsockPacket("unknown", "1 value");
  const auto packet = DecodeVsockBody(absl::string_view(bytes).substr(kVsockLengthSize));
  ASSERT_TRUE(packet.ok()) << packet.status();
  EXPECT_EQ(packet->payload, "1 value");
  EXPECT_EQ(packet->unknown_fields, 2);
}

TEST(VsockPacket, PacketsOfABrokenHostAreMalformed) {
  for (const char* kind : {"type", "duplicate", "empty", "garbage"}) {
    const std::string bytes = *MalformedVsockPacket(kind, "1 value");
    EXPECT_EQ(VsockBodySize(bytes).value_or(99999), bytes.size() - kVsockLengthSize) << kind;
    EXPECT_FALSE(DecodeVsockBody(absl::string_view(bytes).substr(kVsockLengthSize)).ok()) << kind;
  }
  EXPECT_FALSE(VsockBodySize(*MalformedVsockPacket("oversize", "1 value")).ok());
  EXPECT_FALSE(MalformedVsockPacket("nonsense", "").ok());
}

}  // namespace
}  // namespace toolboxd::vmxsim
