// SPDX-License-Identifier: Apache-2.0

#include "transportd/vsock/data_map.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd::vsock {
namespace {

using testing::HasSubstr;
using Type = Packet::Type;

std::string Bytes(absl::string_view hex) {
  return absl::HexStringToBytes(absl::StrReplaceAll(hex, {{" ", ""}}));
}

// docs/protocol/transport.md 1.13.2.
constexpr absl::string_view kRequest =
    "00000032 00000001 00000001 00000001 00000000 00000002 00000002 00000016"
    "696e666f 2d676574 20677565 7374696e 666f2e66 6f6f";
constexpr absl::string_view kFastClose =
    "00000042 00000001 00000001 00000001 00000000 00000002 00000002 00000016"
    "696e666f 2d676574 20677565 7374696e 666f2e66 6f6f0000 00010000 00030000 00010000 0000";
constexpr absl::string_view kPing = "00000010 00000001 00000001 00000002 00000000";
constexpr absl::string_view kReply =
    "0000002a 00000001 00000001 00000001 00000000 00000002 00000002 0000000e"
    "4f4b2041 54522074 6f6f6c62 6f78";

void ExpectVector(absl::string_view hex, const Packet& packet) {
  const std::string bytes = Bytes(hex);
  EXPECT_EQ(absl::BytesToHexString(EncodePacket(packet)), absl::BytesToHexString(bytes));
  const absl::string_view all = bytes;
  EXPECT_EQ(DecodeLength(all.substr(0, 4)).value(), bytes.size() - 4);
  const auto decoded = DecodePacket(all.substr(4));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->type, packet.type);
  EXPECT_EQ(decoded->payload, packet.payload);
  EXPECT_EQ(decoded->fast_close, packet.fast_close);
}

TEST(DataMap, VectorsAreReadAndWritten) {
  ExpectVector(kRequest, {Type::kData, "info-get guestinfo.foo", false});
  ExpectVector(kFastClose, {Type::kData, "info-get guestinfo.foo", true});
  ExpectVector(kPing, {Type::kPing, "", false});
  ExpectVector(kReply, {Type::kData, "OK ATR toolbox", false});
}

TEST(DataMap, HeadAndPayloadAreThePacket) {
  EXPECT_EQ(EncodeDataHead(14) + "OK ATR toolbox", Bytes(kReply));
}

TEST(DataMap, NoPrefixOfAPacketIsAPacketOfTheSameMeaning) {
  for (const absl::string_view hex : {kRequest, kFastClose, kReply}) {
    const std::string bytes = Bytes(hex);
    const Packet whole = DecodePacket(absl::string_view(bytes).substr(4)).value();
    for (size_t size = 0; size + 4 < bytes.size(); ++size) {
      const auto packet = DecodePacket(absl::string_view(bytes).substr(4, size));
      EXPECT_FALSE(packet.ok() && packet->payload == whole.payload &&
                   packet->fast_close == whole.fast_close)
          << size;
    }
  }
}

TEST(DataMap, FieldsComeInAnyOrderAndUnknownOnesAreSkipped) {
  const std::string body = Bytes(
      "00000001 00000009 00000005 00000100"
      "00000002 00000002 00000001 78"
      "00000002 00000008 00000003 616263"
      "00000001 00000001 00000001 00000000");
  const auto packet = DecodePacket(body);
  ASSERT_TRUE(packet.ok()) << packet.status();
  EXPECT_EQ(packet->payload, "x");
}

TEST(DataMap, MalformedPacketIsAnErrorThatNamesItsFault) {
  const std::pair<absl::string_view, absl::string_view> kCases[] = {
      {"", "without a type"},
      {"00000001 00000001 00000001 00000000", "of data without a payload"},
      {"00000002 00000002 00000001 78", "without a type"},
      {"00000001 00000001 00000003 00000000", "of the type 3"},
      // The value's words in the wrong order: 1 << 32.
      {"00000001 00000001 00000000 00000001", "of the type 4294967296"},
      {"00000001 00000001 00000001 00000000 00000001 00000001 00000001 00000000",
       "has the field 1 twice"},
      {"00000002 00000002 00000001 78 00000002 00000002 00000001 78", "has the field 2 twice"},
      {"00000002 00000002 00000000", "field 2 is empty"},
      {"00000002 00000001 00000001 01", "field 1 has the type 2"},
      {"00000001 00000002 00000001 00000000", "field 2 has the type 1"},
      {"00000002 00000003 00000001 01", "field 3 has the type 2"},
      {"00000003 00000007 00000001 00000000", "field 7 is a list"},
      {"00000004 00000002 00000001 00000000", "field 2 is a list"},
      {"00000000 00000001 00000001 00000000", "field 1 has the type 0"},
      {"00000005 00000001 00000001 00000000", "field 1 has the type 5"},
      {"00000002 00000002 00000005 41414141", "ends within a field"},
      {"00000002 00000002 ffffffff 41414141", "ends within a field"},
      {"00000001 00000001 00000001 000000", "ends within a field"},
      {"00000001 000000", "ends within a field"},
  };
  for (const auto& [hex, fault] : kCases) {
    const std::string body = Bytes(hex);
    const auto packet = DecodePacket(body);
    EXPECT_TRUE(absl::IsDataLoss(packet.status())) << hex;
    EXPECT_THAT(packet.status().message(), HasSubstr(std::string(fault))) << hex;
  }
}

TEST(DataMap, LengthIsBoundedBeforeAnythingIsRead) {
  EXPECT_EQ(DecodeLength(Bytes("0001002c")).value(), kMaxBody);
  EXPECT_TRUE(absl::IsDataLoss(DecodeLength(Bytes("0001002d")).status()));
  EXPECT_TRUE(absl::IsDataLoss(DecodeLength(Bytes("ffffffff")).status()));
  EXPECT_TRUE(absl::IsDataLoss(DecodeLength("abc").status()));
}

TEST(DataMap, LongestMessageFitsAndALongerOneIsRefused) {
  const std::string longest(kMaxPayload, 'x');
  const std::string packet = EncodePacket({Type::kData, longest, true});
  EXPECT_EQ(packet.size(), kLengthSize + kMaxBody);
  EXPECT_TRUE(DecodePacket(absl::string_view(packet).substr(4)).ok());
  const std::string longer(kMaxPayload + 1, 'x');
  const std::string refused = EncodePacket({Type::kData, longer, false});
  EXPECT_TRUE(absl::IsDataLoss(DecodePacket(absl::string_view(refused).substr(4)).status()));
}

}  // namespace
}  // namespace toolboxd::vsock
