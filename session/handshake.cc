// SPDX-License-Identifier: Apache-2.0

#include "session/handshake.h"

#include <algorithm>

#include "base/wipe.h"

namespace toolboxd::session {
namespace {

constexpr size_t kMaxString = 0xFFFF;
// Bytes of a reply without its name and its text.
constexpr size_t kFixedReplySize = 1 + 4 + 2;

void AppendU16(std::string& out, size_t value) {
  out.push_back(static_cast<char>(value >> 8 & 0xFF));
  out.push_back(static_cast<char>(value & 0xFF));
}

void AppendU32(std::string& out, size_t value) {
  AppendU16(out, value >> 16);
  AppendU16(out, value & 0xFFFF);
}

uint32_t ReadU32(std::string_view bytes) {
  uint32_t value = 0;
  for (const char byte : bytes.substr(0, 4)) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

// Takes one counted string from the front of `rest`.
bool TakeString(std::string_view& rest, std::string& out) {
  if (rest.size() < 2) return false;
  const size_t size =
      static_cast<size_t>(static_cast<uint8_t>(rest[0])) << 8 | static_cast<uint8_t>(rest[1]);
  rest.remove_prefix(2);
  if (rest.size() < size) return false;
  out.assign(rest.substr(0, size));
  rest.remove_prefix(size);
  return true;
}

}  // namespace

Request::~Request() {
  Wipe(user);
  Wipe(password);
}

uint32_t ReadPrefix(const char (&prefix)[kPrefixSize]) { return ReadU32({prefix, kPrefixSize}); }

std::string EncodeRequest(const Request& request) {
  const std::string* const strings[] = {&request.service, &request.user, &request.password};
  size_t size = 0;
  for (const std::string* string : strings) {
    if (string->size() > kMaxString) return "";
    size += 2 + string->size();
  }
  if (size > kMaxRequestSize) return "";

  std::string frame;
  // Grown once, so that no copy of the password stays behind in freed memory.
  frame.reserve(kPrefixSize + size);
  AppendU32(frame, size);
  for (const std::string* string : strings) {
    AppendU16(frame, string->size());
    frame.append(*string);
  }
  return frame;
}

std::optional<Request> DecodeRequest(std::string_view body) {
  Request request;
  if (body.size() > kMaxRequestSize || !TakeString(body, request.service) ||
      !TakeString(body, request.user) || !TakeString(body, request.password) || !body.empty()) {
    return std::nullopt;
  }
  return request;
}

std::string EncodeReply(const Reply& reply) {
  const std::string_view user = std::string_view(reply.user).substr(0, kMaxReplySize / 2);
  const std::string_view text =
      std::string_view(reply.text).substr(0, kMaxReplySize - kFixedReplySize - user.size());
  std::string frame;
  AppendU32(frame, kFixedReplySize + user.size() + text.size());
  frame.push_back(static_cast<char>(reply.result));
  AppendU32(frame, reply.uid);
  AppendU16(frame, user.size());
  frame.append(user);
  frame.append(text);
  return frame;
}

std::optional<Reply> DecodeReply(std::string_view body) {
  if (body.size() < kFixedReplySize || body.size() > kMaxReplySize) return std::nullopt;
  const uint8_t result = static_cast<uint8_t>(body[0]);
  if (result > static_cast<uint8_t>(Result::kOnlyOwnUser)) return std::nullopt;
  Reply reply;
  reply.result = static_cast<Result>(result);
  reply.uid = ReadU32(body.substr(1));
  body.remove_prefix(5);
  if (!TakeString(body, reply.user) || reply.user.size() > kMaxReplySize / 2) return std::nullopt;
  reply.text = std::string(body);
  return reply;
}

}  // namespace toolboxd::session
