// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/vsock_packet.h"

#include <set>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "transportd/wire/reader.h"
#include "transportd/wire/writer.h"

namespace toolboxd::vmxsim {
namespace {

using ::toolboxd::wire::Reader;
using ::toolboxd::wire::Writer;

enum ValueType : uint32_t { kInteger = 1, kString = 2, kIntegerList = 3, kStringList = 4 };
enum Field : uint32_t { kType = 1, kPayload = 2, kFastClose = 3 };

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("malformed packet: ", what));
}

// The low word comes first.
uint64_t ReadInteger(Reader& reader) {
  const uint64_t low = reader.U32Be();
  return uint64_t{reader.U32Be()} << 32 | low;
}

void WriteInteger(Writer& writer, uint32_t field, uint64_t value) {
  writer.U32Be(kInteger).U32Be(field);
  writer.U32Be(static_cast<uint32_t>(value)).U32Be(static_cast<uint32_t>(value >> 32));
}

void WriteString(Writer& writer, uint32_t field, absl::string_view value) {
  writer.U32Be(kString).U32Be(field).U32Be(static_cast<uint32_t>(value.size())).Bytes(value);
}

std::string WithLength(absl::string_view body) {
  return Writer().U32Be(static_cast<uint32_t>(body.size())).Bytes(body).Take();
}

absl::Status SkipValue(Reader& reader, uint32_t type) {
  if (type == kInteger) {
    ReadInteger(reader);
  } else if (type == kString) {
    reader.Skip(reader.U32Be());
  } else {
    return Malformed(absl::StrCat("a value of type ", type));
  }
  return absl::OkStatus();
}

absl::Status ReadPacketType(Reader& reader, VsockPacket& packet) {
  const uint64_t number = ReadInteger(reader);
  if (reader.ok() && number != 1 && number != 2) {
    return Malformed(absl::StrCat("TYPE is ", number));
  }
  packet.type = static_cast<VsockPacketType>(number);
  return absl::OkStatus();
}

absl::Status ReadPayload(Reader& reader, VsockPacket& packet) {
  const uint32_t size = reader.U32Be();
  if (reader.ok() && size == 0) return Malformed("an empty string");
  if (reader.ok() && size > kMaxVsockMessage) {
    return Malformed(absl::StrCat("a message of ", size, " bytes"));
  }
  packet.payload = std::string(reader.Bytes(size));
  return absl::OkStatus();
}

absl::Status ReadEntry(Reader& reader, std::set<uint32_t>& fields, VsockPacket& packet) {
  const uint32_t type = reader.U32Be();
  const uint32_t field = reader.U32Be();
  if (!reader.ok()) return Malformed("it ends within an entry");
  if (!fields.insert(field).second) return Malformed(absl::StrCat("field ", field, " twice"));
  const bool known = field == kType || field == kPayload || field == kFastClose;
  if (known && type != (field == kPayload ? kString : kInteger)) {
    return Malformed(absl::StrCat("field ", field, " is of type ", type));
  }
  absl::Status status;
  if (field == kType) {
    status = ReadPacketType(reader, packet);
  } else if (field == kPayload) {
    status = ReadPayload(reader, packet);
  } else if (field == kFastClose) {
    packet.fast_close = ReadInteger(reader) == 1;
  } else {
    ++packet.unknown_fields;
    status = SkipValue(reader, type);
  }
  if (status.ok() && !reader.ok()) status = Malformed("it ends within an entry");
  return status;
}

}  // namespace

absl::StatusOr<size_t> VsockBodySize(absl::string_view bytes) {
  const size_t size = Reader(bytes).U32Be();
  if (size > kMaxVsockBody) return Malformed(absl::StrCat("a length of ", size, " bytes"));
  return size;
}

absl::StatusOr<VsockPacket> DecodeVsockBody(absl::string_view body) {
  Reader reader(body);
  VsockPacket packet;
  std::set<uint32_t> fields;
  while (!reader.AtEnd()) {
    const absl::Status status = ReadEntry(reader, fields, packet);
    if (!status.ok()) return status;
  }
  if (fields.count(kType) == 0) return Malformed("no TYPE");
  return packet;
}

std::string EncodeVsockPacket(const VsockPacket& packet) {
  Writer body;
  WriteInteger(body, kType, static_cast<uint64_t>(packet.type));
  if (!packet.payload.empty()) WriteString(body, kPayload, packet.payload);
  if (packet.fast_close) WriteInteger(body, kFastClose, 1);
  return WithLength(body.bytes());
}

absl::StatusOr<std::string> MalformedVsockPacket(absl::string_view kind,
                                                 absl::string_view payload) {
  const std::string good =
      EncodeVsockPacket({.type = VsockPacketType::kData, .payload = std::string(payload)});
  Writer body;
  WriteInteger(body, kType, 1);
  if (kind == "oversize") return Writer().U32Be(0x7FFFFFFF).Bytes(good).Take();
  if (kind == "half") return good.substr(0, good.size() / 2);
  if (kind == "empty") return WithLength("");
  if (kind == "garbage") return WithLength("\xDE\xAD\xBE\xEF this is not a packet");
  if (kind == "twice") return good + good;
  if (kind == "type") {
    WriteInteger(body, kPayload, payload.size());
  } else if (kind == "duplicate") {
    WriteString(body, kPayload, payload);
    WriteString(body, kPayload, "1 another");
  } else if (kind == "unknown") {
    WriteString(body, 77, "a field of tomorrow");
    WriteString(body, kPayload, payload);
    WriteInteger(body, 78, 5);
  } else {
    return absl::InvalidArgumentError(absl::StrCat("no such malformed packet: ", kind));
  }
  return WithLength(body.bytes());
}

}  // namespace toolboxd::vmxsim
