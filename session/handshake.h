// SPDX-License-Identifier: Apache-2.0

// The exchange that opens a session: a greeting, one request, one reply, before any gRPC byte.
//
// Greeting, from session: one byte, the version of what follows, sent when session runs and hears
// the caller. A client that waits for it knows what of its time is PAM's. Request: u32 total length
// of what follows, then service, user and password, each a u16 length and that many bytes; nothing
// may follow. Reply: u32 length of what follows, u8 result, u32 uid, the user's name (u16 length
// and that many bytes), then text for a log. All integers are big-endian. The layout is fixed
// because root parses the request before it knows the caller.

#ifndef TOOLBOXD_SESSION_HANDSHAKE_H_
#define TOOLBOXD_SESSION_HANDSHAKE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace toolboxd::session {

inline constexpr char kGreeting = 1;

// Bytes of the length in front of a request or reply.
inline constexpr size_t kPrefixSize = 4;
// Bytes after the prefix.
inline constexpr size_t kMaxRequestSize = 64 * 1024;
inline constexpr size_t kMaxReplySize = 1024;

// Services that a request may name. kVerify checks the password and the account and
// starts nothing: the connection closes after the reply.
inline constexpr std::string_view kHgfsd = "hgfsd";
inline constexpr std::string_view kVixd = "vixd";
inline constexpr std::string_view kVerify = "verify";

enum class Result : uint8_t {
  kOk = 0,
  // The user does not exist or the password is wrong.
  kBadLogin = 1,
  // The password is right; the account is locked, expired or refused by the PAM stack.
  kAccountRefused = 2,
  kUnknownService = 3,
  // An error of this machine: PAM, fork, a missing program, a malformed request.
  kCannotStart = 4,
  // session does not run as root and serves only the user that started it.
  kOnlyOwnUser = 5,
};

// Bytes as given; the user name and the password are unchecked. Overwritten when destroyed.
struct Request {
  Request() = default;
  Request(std::string_view service, std::string_view user, std::string_view password)
      : service(service), user(user), password(password) {}
  Request(Request&&) = default;
  Request& operator=(Request&&) = delete;
  ~Request();

  std::string service;
  std::string user;
  std::string password;
};

// The uid in a reply without a user.
inline constexpr uint32_t kNoUid = 0xFFFFFFFF;

struct Reply {
  Result result = Result::kCannotStart;
  // For a log: never contains any part of the request.
  std::string text;
  // With kOk, the user that PAM settled on: the name is the user database's, which may differ from
  // the one in the request.
  uint32_t uid = kNoUid;
  std::string user = "";
};

// The length that a prefix announces: how much must be read before decoding.
uint32_t ReadPrefix(const char (&prefix)[kPrefixSize]);

// The result includes the prefix. Empty where the request exceeds kMaxRequestSize or a string 65535
// bytes. Holds the password: Wipe() it (base/wipe.h).
std::string EncodeRequest(const Request& request);

// `body` is without the prefix. Fails for anything but exactly three strings.
std::optional<Request> DecodeRequest(std::string_view body);

// The result includes the prefix. A name or a text that does not fit is cut.
std::string EncodeReply(const Reply& reply);

// `body` is without the prefix. Fails where a field is missing or the result is unknown.
std::optional<Reply> DecodeReply(std::string_view body);

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_HANDSHAKE_H_
