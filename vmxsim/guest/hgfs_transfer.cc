// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest/hgfs_transfer.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "transportd/vix/opcode.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/testing/host_messages.h"
#include "transportd/wire/reader.h"
#include "transportd/wire/writer.h"

namespace toolboxd::vmxsim {
namespace {

constexpr uint32_t kOpen = 0;
constexpr uint32_t kClose = 3;
constexpr uint32_t kGetattrV2 = 15;
constexpr uint32_t kSetattrV2 = 16;
constexpr uint32_t kOpenV3 = 24;
constexpr uint32_t kReadV3 = 25;
constexpr uint32_t kWriteV3 = 26;
constexpr uint32_t kCreateSessionV4 = 41;
constexpr uint32_t kDestroySessionV4 = 42;

constexpr uint32_t kHeaderSize = 52;
constexpr uint32_t kRequestId = 0x80000000;
constexpr uint32_t kMaxPacket = 0xF800;
constexpr size_t kAttributesSize = 104;

// The prefix that operations of the first two generations keep after the header.
wire::Writer Prefixed(uint32_t op) {
  wire::Writer writer;
  writer.U32(kRequestId).U32(op);
  return writer;
}

// "/etc/hosts" as "root\0etc\0hosts"; the VMX trims a trailing slash.
std::string CpName(absl::string_view path) {
  std::string name = absl::StrCat("root", absl::StripSuffix(path, "/"));
  for (char& c : name) {
    if (c == '/') c = '\0';
  }
  return name;
}

void AppendName(wire::Writer& writer, absl::string_view path) {
  const std::string name = CpName(path);
  writer.U32(static_cast<uint32_t>(name.size())).BytesAndNul(name);
}

// Ends the session whatever happens in between.
class Session {
 public:
  explicit Session(PacketCall packets) : packets_(std::move(packets)) {}
  ~Session() {
    if (id_ != 0) HgfsCall(packets_, kDestroySessionV4, id_, std::string(8, '\0')).IgnoreError();
  }

  absl::Status Create() {
    wire::Writer writer;
    writer.U32(0).U32(kMaxPacket).Zeros(16);
    const auto reply = HgfsCall(packets_, kCreateSessionV4, 0, writer.bytes());
    if (!reply.ok()) return reply.status();
    wire::Reader reader(*reply);
    id_ = reader.U64();
    return reader.ok() ? absl::OkStatus() : absl::DataLossError("short CreateSession reply");
  }

  absl::StatusOr<std::string> Call(uint32_t op, absl::string_view payload) {
    return HgfsCall(packets_, op, id_, payload);
  }

 private:
  const PacketCall packets_;
  uint64_t id_ = 0;
};

absl::StatusOr<uint64_t> SizeOf(Session& session, absl::string_view path) {
  wire::Writer writer = Prefixed(kGetattrV2);
  writer.U64(0).U32(0);
  AppendName(writer, path);
  const auto reply = session.Call(kGetattrV2, writer.bytes());
  if (!reply.ok()) return reply.status();
  wire::Reader reader(*reply);
  reader.Skip(8 + 8 + 4);  // Prefix, mask, type.
  const uint64_t size = reader.U64();
  if (!reader.ok()) return absl::DataLossError("short GetattrV2 reply");
  return size;
}

// The handle of an Open reply, which has a prefix in the first generation only.
absl::StatusOr<uint32_t> HandleOf(const absl::StatusOr<std::string>& reply, size_t prefix) {
  if (!reply.ok()) return reply.status();
  wire::Reader reader(*reply);
  reader.Skip(prefix);
  const uint32_t handle = reader.U32();
  if (!reader.ok()) return absl::DataLossError("short Open reply");
  return handle;
}

absl::Status Close(Session& session, uint32_t handle) {
  wire::Writer writer = Prefixed(kClose);
  writer.U32(handle);
  return session.Call(kClose, writer.bytes()).status();
}

absl::Status ReadAll(Session& session, uint32_t handle, const ContentSink& sink) {
  uint64_t offset = 0;
  while (true) {
    wire::Writer writer;
    writer.U32(handle).U64(offset).U32(kTransferChunk).U64(0);
    const auto reply = session.Call(kReadV3, writer.bytes());
    if (!reply.ok()) return reply.status();
    wire::Reader reader(*reply);
    const uint32_t size = reader.U32();
    reader.U64();
    const absl::string_view data = reader.Bytes(size);
    if (!reader.ok() || size > kTransferChunk) return absl::DataLossError("bad ReadV3 reply");
    if (const absl::Status status = sink(data); !status.ok()) return status;
    if (size < kTransferChunk) return absl::OkStatus();
    offset += size;
  }
}

absl::StatusOr<uint64_t> WriteAll(Session& session, uint32_t handle, const ContentSource& source) {
  uint64_t total = 0;
  while (true) {
    const absl::StatusOr<std::string> data = source(kTransferChunk);
    if (!data.ok()) return data.status();
    if (data->empty()) return total;
    wire::Writer writer;
    // Append, and always offset 0: what a VMX sends.
    writer.U32(handle).U8(1).U64(0).U32(static_cast<uint32_t>(data->size())).U64(0).Bytes(*data);
    const auto reply = session.Call(kWriteV3, writer.bytes());
    if (!reply.ok()) return reply.status();
    wire::Reader reader(*reply);
    if (reader.U32() != data->size()) return absl::DataLossError("bad WriteV3 reply");
    total += data->size();
  }
}

}  // namespace

PacketCall InGuestOperations(GuestClient& client) {
  return [&client](absl::string_view packet) -> absl::StatusOr<std::string> {
    vix::HgfsPacketRequest request;
    request.packet = packet;
    auto reply = client.Call(vix::kHgfsSendPacket, vix::Encode(request), true);
    if (!reply.ok()) return reply.status();
    if (reply->error == 0) return std::move(reply->result);
    return VixError(reply->error);
  };
}

PacketCall InTclo(TcloSend send) {
  return [send = std::move(send)](absl::string_view packet) -> absl::StatusOr<std::string> {
    absl::StatusOr<std::string> reply = send(absl::StrCat("f ", packet));
    if (!reply.ok()) return reply.status();
    absl::string_view rest = *reply;
    if (absl::ConsumePrefix(&rest, "OK ")) return std::string(rest);
    return absl::AbortedError(*reply);
  };
}

absl::StatusOr<std::string> HgfsCall(const PacketCall& packets, uint32_t op, uint64_t session,
                                     absl::string_view payload) {
  wire::Writer packet;
  packet.U8(1).Zeros(3).U32(0xFF).U32(kHeaderSize + static_cast<uint32_t>(payload.size()));
  packet.U32(kHeaderSize).U32(kRequestId).U32(op).U32(0).U32(1).U32(0).U64(session).U64(0);
  packet.Bytes(payload);
  const absl::StatusOr<std::string> reply = packets(packet.bytes());
  if (!reply.ok()) return reply.status();
  wire::Reader reader(*reply);
  reader.Skip(8);
  const uint32_t packet_size = reader.U32(), header_size = reader.U32();
  reader.U32();
  const uint32_t reply_op = reader.U32(), status = reader.U32();
  reader.Skip(kHeaderSize - 28);
  if (!reader.ok() || header_size != kHeaderSize || packet_size < kHeaderSize ||
      packet_size > reply->size() || packet_size > kMaxPacket + kHeaderSize) {
    return absl::DataLossError("malformed HGFS reply");
  }
  if (status != 0) return absl::AbortedError(absl::StrCat("HGFS status ", status));
  if (reply_op != op) return absl::DataLossError("HGFS reply to another operation");
  return std::string(reader.Bytes(packet_size - kHeaderSize));
}

absl::StatusOr<uint64_t> Download(GuestClient& client, absl::string_view path,
                                  const ContentSink& sink) {
  Session session(InGuestOperations(client));
  if (const absl::Status status = session.Create(); !status.ok()) return status;
  const absl::StatusOr<uint64_t> size = SizeOf(session, path);
  if (!size.ok()) return size.status();
  wire::Writer writer = Prefixed(kOpen);
  writer.I32(0).I32(0).U8(6);
  AppendName(writer, path);
  const absl::StatusOr<uint32_t> handle = HandleOf(session.Call(kOpen, writer.bytes()), 8);
  if (!handle.ok()) return handle.status();
  const absl::Status read = ReadAll(session, *handle, sink);
  const absl::Status close = Close(session, *handle);
  if (!read.ok()) return read;
  if (!close.ok()) return close;
  return *size;
}

absl::StatusOr<uint64_t> Upload(const PacketCall& packets, absl::string_view path,
                                const ContentSource& source) {
  Session session(packets);
  if (const absl::Status status = session.Create(); !status.ok()) return status;
  const std::string name = CpName(path);
  wire::Writer open;
  open.U64(0x80B).I32(1).I32(4).U8(0).U8(6).U8(0).U8(0).Zeros(8 + 8 + 4 + 4 + 4 + 16);
  open.U32(static_cast<uint32_t>(name.size())).Zeros(12).BytesAndNul(name);
  const absl::StatusOr<uint32_t> handle = HandleOf(session.Call(kOpenV3, open.bytes()), 0);
  if (!handle.ok()) return handle.status();
  const absl::StatusOr<uint64_t> written = WriteAll(session, *handle, source);
  if (written.ok()) {
    wire::Writer attributes = Prefixed(kSetattrV2);
    attributes.U64(0).Zeros(kAttributesSize).U32(0);
    AppendName(attributes, path);
    const auto set = session.Call(kSetattrV2, attributes.bytes());
    if (!set.ok()) return set.status();
  }
  const absl::Status close = Close(session, *handle);
  if (!written.ok()) return written.status();
  if (!close.ok()) return close;
  return *written;
}

}  // namespace toolboxd::vmxsim
