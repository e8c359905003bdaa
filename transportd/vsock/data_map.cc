// SPDX-License-Identifier: Apache-2.0

#include "transportd/vsock/data_map.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "transportd/wire/reader.h"
#include "transportd/wire/writer.h"

namespace toolboxd::vsock {
namespace {

enum EntryType : uint32_t { kInteger = 1, kString = 2, kIntegerList = 3, kStringList = 4 };
enum Field : uint32_t { kTypeField = 1, kPayloadField = 2, kFastCloseField = 3 };

// Type, number and value of an integer; type, number and length of a string.
constexpr size_t kIntegerSize = 16;
constexpr size_t kStringHead = 12;

struct Entry {
  uint32_t type = 0;
  uint32_t field = 0;
  uint64_t integer = 0;
  absl::string_view string;
};

absl::Status Broken(absl::string_view why) {
  return absl::DataLossError(absl::StrCat("the host sent a packet over vsock ", why));
}

absl::StatusOr<Entry> ReadEntry(wire::Reader& reader) {
  Entry entry;
  entry.type = reader.U32Be();
  entry.field = reader.U32Be();
  if (reader.ok() && entry.type != kInteger && entry.type != kString) {
    const bool list = entry.type == kIntegerList || entry.type == kStringList;
    return Broken(absl::StrCat("whose field ", entry.field, list ? " is a list" : " has the type ",
                               list ? "" : absl::StrCat(entry.type)));
  }
  const uint32_t first = reader.U32Be();
  if (entry.type == kInteger) {
    // The low word comes first.
    entry.integer = uint64_t{reader.U32Be()} << 32 | first;
  } else {
    if (reader.ok() && first == 0)
      return Broken(absl::StrCat("whose field ", entry.field, " is empty"));
    entry.string = reader.Bytes(first);
  }
  if (!reader.ok()) return Broken("that ends within a field");
  return entry;
}

absl::Status Take(const Entry& entry, Packet& packet) {
  const bool is_string = entry.type == kString;
  if (is_string != (entry.field == kPayloadField)) {
    return Broken(absl::StrCat("whose field ", entry.field, " has the type ", entry.type));
  }
  if (entry.field == kPayloadField) {
    packet.payload = entry.string;
  } else if (entry.field == kTypeField) {
    packet.type = static_cast<Packet::Type>(entry.integer);
  } else {
    packet.fast_close = entry.integer == 1;
  }
  return absl::OkStatus();
}

absl::Status Check(const Packet& packet, uint32_t seen) {
  if (!(seen & 1u << kTypeField)) return Broken("without a type");
  if (packet.type != Packet::Type::kData && packet.type != Packet::Type::kPing) {
    return Broken(absl::StrCat("of the type ", static_cast<uint64_t>(packet.type)));
  }
  if (packet.type == Packet::Type::kData && packet.payload.empty()) {
    return Broken("of data without a payload");
  }
  if (packet.payload.size() > kMaxPayload) {
    return Broken(absl::StrCat("with ", packet.payload.size(), " bytes of payload"));
  }
  return absl::OkStatus();
}

void WriteInteger(Field field, uint64_t value, wire::Writer& writer) {
  writer.U32Be(kInteger).U32Be(field);
  writer.U32Be(static_cast<uint32_t>(value)).U32Be(static_cast<uint32_t>(value >> 32));
}

// Up to where the payload's bytes begin.
wire::Writer Head(const Packet& packet, size_t payload_size) {
  size_t size = kIntegerSize;
  if (payload_size > 0) size += kStringHead + payload_size;
  if (packet.fast_close) size += kIntegerSize;
  wire::Writer writer;
  writer.U32Be(static_cast<uint32_t>(size));
  WriteInteger(kTypeField, static_cast<uint64_t>(packet.type), writer);
  if (payload_size > 0) {
    writer.U32Be(kString).U32Be(kPayloadField).U32Be(static_cast<uint32_t>(payload_size));
  }
  return writer;
}

}  // namespace

absl::StatusOr<size_t> DecodeLength(absl::string_view word) {
  wire::Reader reader(word);
  const size_t size = reader.U32Be();
  if (!reader.AtEnd()) return Broken("without a length");
  if (size > kMaxBody) return Broken(absl::StrCat("of ", size, " bytes"));
  return size;
}

absl::StatusOr<Packet> DecodePacket(absl::string_view body) {
  wire::Reader reader(body);
  Packet packet;
  // A bit for each known field that was there.
  uint32_t seen = 0;
  while (!reader.AtEnd()) {
    const absl::StatusOr<Entry> entry = ReadEntry(reader);
    if (!entry.ok()) return entry.status();
    if (entry->field < kTypeField || entry->field > kFastCloseField) continue;
    if (seen & 1u << entry->field) {
      return Broken(absl::StrCat("that has the field ", entry->field, " twice"));
    }
    seen |= 1u << entry->field;
    if (absl::Status status = Take(*entry, packet); !status.ok()) return status;
  }
  if (absl::Status status = Check(packet, seen); !status.ok()) return status;
  return packet;
}

std::string EncodeDataHead(size_t payload_size) { return Head(Packet(), payload_size).Take(); }

std::string EncodePacket(const Packet& packet) {
  wire::Writer writer = Head(packet, packet.payload.size());
  writer.Bytes(packet.payload);
  if (packet.fast_close) WriteInteger(kFastCloseField, 1, writer);
  return writer.Take();
}

}  // namespace toolboxd::vsock
