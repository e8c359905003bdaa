// SPDX-License-Identifier: Apache-2.0

#include "transportd/hgfs/packet.h"

#include "transportd/wire/reader.h"
#include "transportd/wire/writer.h"

namespace toolboxd::hgfs {
namespace {

constexpr uint8_t kVersion = 1;
// Stands where older packets have their operation.
constexpr uint32_t kNewHeader = 0xFF;

}  // namespace

bool DecodePacket(absl::string_view bytes, Packet& packet) {
  wire::Reader reader(bytes);
  const uint8_t version = reader.U8();
  reader.Skip(3);
  const uint32_t marker = reader.U32();
  const uint32_t packet_size = reader.U32();
  const uint32_t header_size = reader.U32();
  packet.request_id = reader.U32();
  packet.op = reader.U32();
  packet.status = static_cast<Status>(reader.U32());
  packet.flags = reader.U32();
  packet.information = reader.U32();
  packet.session_id = reader.U64();
  reader.Skip(8);
  if (!reader.ok() || version != kVersion || marker != kNewHeader) return false;
  if (header_size < kPacketHeaderSize || header_size > packet_size || packet_size > bytes.size()) {
    return false;
  }
  packet.payload = bytes.substr(header_size, packet_size - header_size);
  return true;
}

std::string EncodePacket(const Packet& packet) {
  wire::Writer writer;
  writer.U8(kVersion).Zeros(3).U32(kNewHeader);
  const auto payload_size = static_cast<uint32_t>(packet.payload.size());
  writer.U32(kPacketHeaderSize + payload_size).U32(kPacketHeaderSize);
  writer.U32(packet.request_id).U32(packet.op).U32(static_cast<uint32_t>(packet.status));
  writer.U32(packet.flags).U32(packet.information).U64(packet.session_id).Zeros(8);
  writer.Bytes(packet.payload);
  return writer.Take();
}

std::string EncodeReply(const Packet& request, Status status, absl::string_view payload) {
  Packet reply;
  reply.request_id = request.request_id;
  reply.op = request.op;
  reply.status = status;
  reply.flags = kFlagReply;
  reply.session_id = request.session_id;
  if (status == Status::kSuccess) reply.payload = payload;
  return EncodePacket(reply);
}

}  // namespace toolboxd::hgfs
