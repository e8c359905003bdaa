// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/message.h"

#include "absl/strings/str_cat.h"
#include "transportd/wire/reader.h"

namespace toolboxd::vix {
namespace {

// `"name"` and everything up to and including the first NUL after it.
bool SkipName(wire::Reader& reader, absl::string_view& name) {
  if (reader.U8() != '"') return false;
  const absl::string_view quoted = reader.UntilNul();
  const size_t end = quoted.find('"');
  if (!reader.ok() || end == absl::string_view::npos) return false;
  name = quoted.substr(0, end);
  return true;
}

}  // namespace

Error ParseRelayedCommand(absl::string_view arguments, Request& request) {
  wire::Reader reader(arguments);
  if (!SkipName(reader, request.name)) return Error::kInvalidMessageHeader;

  const absl::string_view message = reader.Rest();
  wire::Reader header(message);
  const uint32_t magic = header.U32();
  const uint16_t version = header.U16();
  // 64 bits: the sum of three lengths from the wire must not wrap.
  const uint64_t total_length = header.U32();
  const uint64_t header_length = header.U32();
  const uint64_t body_length = header.U32();
  const uint64_t credential_length = header.U32();
  request.common_flags = header.U8();
  if (!header.ok() || magic != kMagic || version != kMessageVersion) {
    return Error::kInvalidMessageHeader;
  }
  const uint64_t sum = header_length + body_length + credential_length;
  if (header_length < kCommonHeaderSize || total_length > kMaxMessageSize || total_length < sum ||
      total_length > message.size()) {
    return Error::kInvalidMessageHeader;
  }

  request.opcode = header.U32();
  request.request_flags = header.U32();
  request.timeout = header.U32();
  request.cookie = header.U64();
  request.client_handle = header.U32();
  request.credential_type = header.U32();
  const uint64_t extra = (request.request_flags & kFlagHasAuthData) != 0 ? kAuthDataSize : 0;
  if (total_length != sum && total_length != sum + extra) return Error::kInvalidMessageHeader;
  if (!header.ok() || header_length != kRequestHeaderSize) return Error::kInvalidMessageBody;
  request.body = header.Bytes(body_length);
  request.credential = header.Bytes(credential_length);
  return header.ok() ? Error::kOk : Error::kInvalidMessageBody;
}

std::string EncodeReply(Error error, absl::string_view result, bool binary) {
  std::string reply = absl::StrCat(Code(error), " 0 ", binary ? "#" : "");
  // "OK " goes in front, a NUL after it.
  if (reply.size() + result.size() + 4 > kMaxReplySize) {
    return EncodeReply(Error::kOutOfMemory, "", binary);
  }
  absl::StrAppend(&reply, result);
  if (!binary) reply.push_back('\0');
  return reply;
}

}  // namespace toolboxd::vix
