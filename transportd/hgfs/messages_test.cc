// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/messages.h"

#include "absl/strings/match.h"
#include "gtest/gtest.h"
#include "transportd/hgfs/packet.h"
#include "transportd/hgfs/path.h"
#include "transportd/wire/testing/test_data.h"

namespace toolboxd::hgfs {
namespace {

using std::string_literals::operator""s;

// A captured packet, its payload decoded.
template <typename Message>
struct Captured {
  explicit Captured(const std::string& name)
      : bytes(wire::ReadTestData("transportd/hgfs/testdata/" + name + ".bin")) {
    EXPECT_TRUE(DecodePacket(bytes, packet)) << name;
    op = static_cast<Op>(packet.op);
    EXPECT_TRUE(Decode(op, packet.payload, message)) << name;
    // Hosts add bytes after the structure, so encoding gives the beginning.
    const std::string encoded = Encode(op, message);
    absl::string_view expected = packet.payload;
    // The old prefix repeats the request's id and operation, which servers leave 0.
    const size_t prefix = GenerationOf(op) < 3 ? 8 : 0;
    EXPECT_TRUE(absl::StartsWith(
        expected.substr(prefix),
        absl::string_view(encoded).substr(prefix, encoded.size() - prefix - Slack())))
        << name;
    Packet again = packet;
    again.payload = packet.payload;
    EXPECT_EQ(EncodePacket(again), bytes) << name;
    ExpectTruncationsFail(encoded);
  }

  // The byte after a name is a NUL in some captures and garbage in others.
  size_t Slack() const { return std::is_same_v<Message, OpenRequest> && op == Op::kOpen ? 1 : 0; }

  void ExpectTruncationsFail(const std::string& encoded) {
    for (size_t size = 0; size + 1 < encoded.size(); ++size) {
      Message cut;
      EXPECT_FALSE(Decode(op, absl::string_view(encoded).substr(0, size), cut)) << size;
    }
  }

  std::string bytes;
  Packet packet;
  Op op;
  Message message;
};

std::string PathOf(const Name& name) {
  std::string path;
  EXPECT_EQ(DecodePath(name.cp_name, path), Status::kSuccess);
  return path;
}

TEST(CapturedPackets, CreateSessionRoundTrips) {
  const Captured<CreateSessionRequest> request("request_create_session_v4");
  EXPECT_EQ(request.message.max_packet_size, 0xF800u);
  EXPECT_EQ(request.packet.request_id, 0x80000000u);
  const Captured<CreateSessionReply> reply("reply_create_session_v4");
  EXPECT_EQ(reply.message.session_id, 0x36D4193C72CD5Full);
  EXPECT_EQ(reply.message.max_packet_size, 0xF800u);
  ASSERT_EQ(reply.message.capabilities.size(), 65u);
  EXPECT_EQ(reply.message.capabilities[64], 0x100000040u);
}

TEST(CapturedPackets, DestroySessionRoundTrips) {
  Captured<EmptyReply>("request_destroy_session_v4");
  Captured<EmptyReply>("reply_destroy_session_v4");
}

TEST(CapturedPackets, GetattrRoundTrips) {
  const Captured<NameRequest> request("request_getattr_v2");
  EXPECT_EQ(PathOf(request.message.name), "/etc/hosts");
  EXPECT_FALSE(request.message.name.by_handle);
  const Captured<GetattrReply> reply("reply_getattr_v2");
  const Attributes& attributes = reply.message.attributes;
  EXPECT_EQ(attributes.mask, 0x2FBFFu);
  EXPECT_EQ(attributes.size, 198u);
  EXPECT_EQ(attributes.create_time, 0x01D24C9910FD3F64u);
  EXPECT_EQ(attributes.owner, 6);
  EXPECT_EQ(attributes.other, 4);
  EXPECT_EQ(attributes.allocation, 4096u);
  EXPECT_EQ(attributes.file_id, 0x13F758u);
  EXPECT_EQ(attributes.volume_id, 0xFC00u);
  EXPECT_EQ(attributes.effective, 4u);
}

TEST(CapturedPackets, SetattrRoundTrips) {
  const Captured<SetattrRequest> request("request_setattr_v2");
  EXPECT_EQ(request.message.attributes.mask, 0u);
  EXPECT_EQ(PathOf(request.message.name), "/tmp/resolv.conf");
  Captured<EmptyReply>("reply_setattr_v2");
}

TEST(CapturedPackets, OpenRoundTrips) {
  const Captured<OpenRequest> request("request_open");
  EXPECT_EQ(request.message.mode, kReadOnly);
  EXPECT_EQ(request.message.owner, 6);
  EXPECT_EQ(PathOf(request.message.name), "/etc/hosts");
  EXPECT_EQ(Captured<OpenReply>("reply_open").message.handle, 0u);
}

TEST(CapturedPackets, OpenV3RoundTrips) {
  const Captured<OpenRequest> request("request_open_v3");
  EXPECT_EQ(request.message.mask, 0x80Bu);
  EXPECT_EQ(request.message.mode, kWriteOnly);
  EXPECT_EQ(request.message.flags, kCreateEmpty);
  EXPECT_EQ(request.message.owner, 6);
  EXPECT_EQ(request.message.desired_lock, 0u);
  EXPECT_EQ(PathOf(request.message.name), "/tmp/resolv.conf");
  Captured<OpenReply>("reply_open_v3");
}

TEST(CapturedPackets, ReadRoundTrips) {
  const Captured<ReadRequest> request("request_read_v3");
  EXPECT_EQ(request.message.size, 0xF000u);
  const Captured<ReadReply> reply("reply_read_v3");
  EXPECT_EQ(reply.message.size, 198u);
  EXPECT_TRUE(absl::StartsWith(reply.message.data, "127.0.0.1\tlocalhost\n"));
}

TEST(CapturedPackets, WriteRoundTrips) {
  const Captured<WriteRequest> request("request_write_v3");
  EXPECT_EQ(request.message.flags, kWriteAppend);
  EXPECT_EQ(request.message.offset, 0u);
  EXPECT_EQ(request.message.size, 70u);
  EXPECT_TRUE(absl::StartsWith(request.message.data, "nameserver 10.118.65.1\n"));
  EXPECT_EQ(Captured<WriteReply>("reply_write_v3").message.size, 70u);
}

TEST(CapturedPackets, CloseRoundTrips) {
  EXPECT_EQ(Captured<HandleRequest>("request_close").message.handle, 0u);
  Captured<EmptyReply>("reply_close");
}

TEST(HgfsPacket, EveryTruncationIsRefused) {
  const std::string bytes = wire::ReadTestData("transportd/hgfs/testdata/request_read_v3.bin");
  for (size_t size = 0; size < bytes.size(); ++size) {
    Packet packet;
    EXPECT_FALSE(DecodePacket(absl::string_view(bytes).substr(0, size), packet)) << size;
  }
}

TEST(HgfsPacket, SizesThatContradictEachOtherAreRefused) {
  const std::string bytes = wire::ReadTestData("transportd/hgfs/testdata/request_read_v3.bin");
  Packet packet;
  for (const size_t offset : {8, 12}) {
    for (const absl::string_view value :
         {absl::string_view("\xFF\xFF\xFF\xFF", 4), absl::string_view("\0\0\0\0", 4),
          absl::string_view("\x33\0\0\0", 4)}) {
      std::string bad = bytes;
      bad.replace(offset, 4, value.data(), 4);
      EXPECT_FALSE(DecodePacket(bad, packet)) << offset;
    }
  }
  EXPECT_TRUE(DecodePacket(bytes + "tail", packet));
  EXPECT_EQ(packet.payload.size(), 24u);
}

TEST(HgfsPacket, ErrorRepliesHaveNoPayload) {
  Packet request;
  request.op = 25;
  request.session_id = 7;
  const std::string bytes = EncodeReply(request, Status::kNoSuchFile, "data");
  Packet reply;
  ASSERT_TRUE(DecodePacket(bytes, reply));
  EXPECT_EQ(reply.status, Status::kNoSuchFile);
  EXPECT_EQ(reply.payload, "");
  EXPECT_EQ(reply.session_id, 7u);
  EXPECT_EQ(reply.flags, kFlagReply);
}

TEST(HgfsMessages, CountsLargerThanTheirBytesAreRefused) {
  ReadReply read;
  EXPECT_FALSE(Decode(Op::kReadV3, std::string("\xFF\xFF\xFF\xFF\0\0\0\0\0\0\0\0x", 13), read));
  WriteRequest write;
  write.size = 5;
  write.data = "four";
  const std::string payload = Encode(Op::kWriteV3, write);
  EXPECT_FALSE(Decode(Op::kWriteV3, payload, write));
  CreateSessionReply session;
  session.capabilities.resize(3);
  const std::string reply = Encode(Op::kCreateSessionV4, session);
  EXPECT_FALSE(Decode(Op::kCreateSessionV4, reply.substr(0, reply.size() - 1), session));
}

template <typename Message>
Message RoundTrip(Op op, const Message& message, std::string& bytes) {
  bytes = Encode(op, message);
  Message again;
  EXPECT_TRUE(Decode(op, bytes, again)) << static_cast<int>(op);
  EXPECT_EQ(Encode(op, again), bytes) << static_cast<int>(op);
  return again;
}

TEST(HgfsMessages, AllVersionsOfAnOperationRoundTrip) {
  const std::string cp_name = EncodePath("/a/b");
  const std::string new_name = "root\0c"s;
  std::string bytes;
  for (const Op op :
       {Op::kGetattr, Op::kGetattrV2, Op::kGetattrV3, Op::kQueryVolume, Op::kQueryVolumeV3}) {
    NameRequest request;
    request.name.cp_name = cp_name;
    EXPECT_EQ(RoundTrip(op, request, bytes).name.cp_name, cp_name);
  }
  for (const Op op : {Op::kOpen, Op::kOpenV2, Op::kOpenV3}) {
    OpenRequest request;
    request.mode = kWriteOnly;
    request.flags = kCreate;
    request.owner = 6;
    request.name.cp_name = cp_name;
    const OpenRequest again = RoundTrip(op, request, bytes);
    EXPECT_EQ(again.name.cp_name, cp_name);
    EXPECT_EQ(again.flags, kCreate);
    EXPECT_EQ(again.owner, 6);
  }
  for (const Op op : {Op::kRename, Op::kRenameV2, Op::kRenameV3}) {
    RenameRequest request;
    request.from.cp_name = cp_name;
    request.to.cp_name = new_name;
    const RenameRequest again = RoundTrip(op, request, bytes);
    EXPECT_EQ(again.from.cp_name, cp_name);
    EXPECT_EQ(again.to.cp_name, new_name);
  }
  for (const Op op : {Op::kSetattr, Op::kSetattrV2, Op::kSetattrV3}) {
    SetattrRequest request;
    request.attributes.mask = kMaskSize | kMaskAccessTime;
    request.attributes.size = 9;
    request.hints = kHintSetAccessTime;
    request.name.cp_name = cp_name;
    const SetattrRequest again = RoundTrip(op, request, bytes);
    EXPECT_EQ(again.attributes.mask, request.attributes.mask);
    EXPECT_EQ(again.attributes.size, 9u);
    EXPECT_EQ(again.hints, kHintSetAccessTime);
  }
}

TEST(HgfsMessages, HandlesMayStandForNames) {
  std::string bytes;
  NameRequest request;
  request.name.handle = 12;
  request.hints = kHintUseHandle;
  EXPECT_TRUE(RoundTrip(Op::kGetattrV2, request, bytes).name.by_handle);
  request.name.by_handle = true;
  const NameRequest again = RoundTrip(Op::kGetattrV3, request, bytes);
  EXPECT_TRUE(again.name.by_handle);
  EXPECT_EQ(again.name.handle, 12u);
}

}  // namespace
}  // namespace toolboxd::hgfs
