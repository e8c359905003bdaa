// SPDX-License-Identifier: Apache-2.0

#include "session/handshake.h"

#include <algorithm>

#include "base/wipe.h"

namespace toolboxd::session {
namespace {

constexpr size_t kMaxString = 0xFFFF;

void AppendU16(std::string& out, size_t value) {
  out.push_back(static_cast<char>(value >> 8 & 0xFF));
  out.push_back(static_cast<char>(value & 0xFF));
}

void AppendU32(std::string& out, size_t value) {
  AppendU16(out, value >> 16);
  AppendU16(out, value & 0xFFFF);
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

uint32_t ReadPrefix(const char (&prefix)[kPrefixSize]) {
  uint32_t value = 0;
  for (const char byte : prefix) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

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
  const std::string_view text =
      std::string_view(reply.text).substr(0, std::min(reply.text.size(), kMaxReplySize - 1));
  std::string frame;
  AppendU32(frame, 1 + text.size());
  frame.push_back(static_cast<char>(reply.result));
  frame.append(text);
  return frame;
}

std::optional<Reply> DecodeReply(std::string_view body) {
  if (body.empty() || body.size() > kMaxReplySize) return std::nullopt;
  const uint8_t result = static_cast<uint8_t>(body[0]);
  if (result > static_cast<uint8_t>(Result::kOnlyOwnUser)) return std::nullopt;
  return Reply{static_cast<Result>(result), std::string(body.substr(1))};
}

}  // namespace toolboxd::session
