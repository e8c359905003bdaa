// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/testing/host_messages.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "transportd/wire/reader.h"
#include "transportd/wire/writer.h"

namespace toolboxd::vix {
namespace {

std::string JoinList(const std::vector<absl::string_view>& list) {
  wire::Writer writer;
  for (const absl::string_view item : list) writer.BytesAndNul(item);
  return writer.Take();
}

// A length that includes the NUL, as of START_PROGRAM.
uint32_t OptionalLength(absl::string_view text) { return text.empty() ? 0 : text.size() + 1; }

void WriteOptional(wire::Writer& writer, absl::string_view text) {
  if (!text.empty()) writer.BytesAndNul(text);
}

int HexValue(char c) {
  if (!absl::ascii_isxdigit(c)) return -1;
  return absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10;
}

// Bytes of a value; 0 where the type has no fixed size.
int32_t FixedSize(int32_t type) {
  switch (type) {
    case kPropertyInt32:
    case kPropertyHandle:
      return 4;
    case kPropertyBool:
      return 1;
    case kPropertyInt64:
      return 8;
    default:
      return 0;
  }
}

bool DecodeProperty(wire::Reader& reader, Property& property) {
  property.id = reader.I32();
  const int32_t type = reader.I32();
  const int32_t length = reader.I32();
  if (!reader.ok() || type < kPropertyInt32 || type > kPropertyBlob || length < 1) return false;
  const int32_t fixed = FixedSize(type);
  if (fixed != 0 && length != fixed) return false;
  property.type = static_cast<PropertyType>(type);
  wire::Reader value(reader.Bytes(length));
  switch (fixed) {
    case 1:
      property.value = int64_t{value.U8() != 0};
      break;
    case 4:
      property.value = int64_t{value.I32()};
      break;
    case 8:
      property.value = value.I64();
      break;
    default:
      property.value = std::string(type == kPropertyString ? value.BytesAndNul(length - 1)
                                                           : value.Bytes(length));
  }
  return reader.ok() && value.ok();
}

}  // namespace

std::string EncodeRelayedCommand(const Request& request) {
  const size_t total = kRequestHeaderSize + request.body.size() + request.credential.size();
  wire::Writer writer;
  writer.Bytes("\"").Bytes(request.name).BytesAndNul("\"");
  writer.U32(kMagic).U16(kMessageVersion).U32(total).U32(kRequestHeaderSize);
  writer.U32(request.body.size()).U32(request.credential.size()).U8(request.common_flags);
  writer.U32(request.opcode).U32(request.request_flags).U32(request.timeout);
  writer.U64(request.cookie).U32(request.client_handle).U32(request.credential_type);
  writer.Bytes(request.body).Bytes(request.credential);
  return writer.Take();
}

std::string EncodeNamePassword(absl::string_view user, absl::string_view password) {
  wire::Writer plain;
  plain.BytesAndNul(user).BytesAndNul(password);
  wire::Writer writer;
  writer.U32(user.size()).U32(password.size()).BytesAndNul(absl::Base64Escape(plain.Take()));
  return writer.Take();
}

std::string Encode(const PathRequest& request) {
  wire::Writer writer;
  writer.I32(request.options).U32(request.path.size()).BytesAndNul(request.path);
  return writer.Take();
}

std::string Encode(const ListFilesRequest& request) {
  wire::Writer writer;
  writer.I32(request.options).U32(request.path.size()).U32(request.pattern.size());
  writer.I32(request.index).I32(request.max_results).U64(request.offset);
  writer.BytesAndNul(request.path).BytesAndNul(request.pattern);
  return writer.Take();
}

std::string Encode(const DirectoryRequest& request) {
  wire::Writer writer;
  writer.I32(request.options).U32(request.path.size()).U32(request.properties.size());
  writer.U8(request.flag).BytesAndNul(request.path).Bytes(request.properties);
  return writer.Take();
}

std::string Encode(const MoveRequest& request) {
  wire::Writer writer;
  writer.I32(request.options).U32(request.from.size()).U32(request.to.size());
  writer.U32(request.properties.size()).U8(request.overwrite);
  writer.BytesAndNul(request.from).BytesAndNul(request.to).Bytes(request.properties);
  return writer.Take();
}

std::string Encode(const CreateTemporaryRequest& request) {
  wire::Writer writer;
  writer.I32(request.options).U32(request.prefix.size()).U32(request.suffix.size());
  writer.U32(request.directory.size()).U32(request.properties.size());
  writer.BytesAndNul(request.prefix).BytesAndNul(request.suffix);
  writer.BytesAndNul(request.directory).Bytes(request.properties);
  return writer.Take();
}

std::string Encode(const SetAttributesRequest& request) {
  wire::Writer writer;
  writer.I32(request.flags).I64(request.access_time).I64(request.modification_time);
  writer.I32(request.uid).I32(request.gid).I32(request.permissions);
  writer.U8(request.hidden).U8(request.read_only);
  writer.U32(request.path.size()).BytesAndNul(request.path);
  return writer.Take();
}

std::string Encode(const TransferToGuestRequest& request) {
  wire::Writer writer;
  writer.I32(request.options).U32(request.path.size()).U8(request.overwrite);
  writer.BytesAndNul(request.path);
  return writer.Take();
}

std::string Encode(const StartProgramRequest& request) {
  const std::string environment = JoinList(request.environment);
  wire::Writer writer;
  writer.U8(request.minimized).U32(OptionalLength(request.program));
  writer.U32(OptionalLength(request.arguments));
  writer.U32(OptionalLength(request.working_directory));
  writer.U32(request.environment.size()).U32(environment.size());
  WriteOptional(writer, request.program);
  WriteOptional(writer, request.arguments);
  WriteOptional(writer, request.working_directory);
  writer.Bytes(environment);
  return writer.Take();
}

std::string Encode(const ListProcessesRequest& request) {
  wire::Writer writer;
  writer.U32(request.key).U32(request.offset).U32(request.pids.size());
  for (const uint64_t pid : request.pids) writer.U64(pid);
  return writer.Take();
}

std::string Encode(const ReadEnvironmentRequest& request) {
  const std::string names = JoinList(request.names);
  wire::Writer writer;
  writer.U32(request.names.size()).U32(names.size()).Bytes(names);
  return writer.Take();
}

std::string Encode(const TerminateRequest& request) {
  wire::Writer writer;
  writer.U64(request.pid).U32(request.options);
  return writer.Take();
}

std::string Encode(const HgfsPacketRequest& request) {
  wire::Writer writer;
  writer.U32(request.packet.size()).I32(request.timeout).Bytes(request.packet);
  return writer.Take();
}

std::string Encode(const ListDirectoryRequest& request) {
  wire::Writer writer;
  writer.I32(request.options).U32(request.path.size()).I64(request.offset);
  writer.BytesAndNul(request.path);
  return writer.Take();
}

bool ParseReply(absl::string_view data, Reply& reply) {
  const size_t first = data.find(' ');
  if (first == absl::string_view::npos) return false;
  const size_t second = data.find(' ', first + 1);
  if (second == absl::string_view::npos) return false;
  if (!absl::SimpleAtoi(data.substr(0, first), &reply.error) ||
      !absl::SimpleAtoi(data.substr(first + 1, second - first - 1), &reply.additional_error)) {
    return false;
  }
  reply.result = data.substr(second + 1);
  if (!reply.result.empty() && reply.result.front() == '#') {
    reply.result.remove_prefix(1);
  } else {
    reply.result = reply.result.substr(0, reply.result.find('\0'));
  }
  return true;
}

std::string Unescape(absl::string_view text) {
  std::string plain;
  plain.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = high >= 0 ? HexValue(text[i + 2]) : -1;
    if (low < 0) {
      plain.push_back(text[i]);
      continue;
    }
    plain.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return plain;
}

bool DecodePropertyList(absl::string_view bytes, std::vector<Property>& properties) {
  wire::Reader reader(bytes);
  while (reader.remaining() > 0) {
    Property property;
    if (!DecodeProperty(reader, property)) return false;
    properties.push_back(std::move(property));
  }
  return true;
}

}  // namespace toolboxd::vix
