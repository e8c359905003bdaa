// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/credential.h"

#include <string_view>

#include "absl/strings/escaping.h"
#include "base/user_name.h"
#include "base/utf8.h"
#include "base/wipe.h"
#include "transportd/wire/reader.h"

namespace toolboxd::vix {
namespace {

// The host replaces these by a backslash and a digit. Base64 has none of them, so this
// is for hosts that obfuscate something else.
constexpr absl::string_view kMapped = "\\'\" \r\n\t";

// Undoes the character map; false for an unknown pair.
bool UndoCharacterMap(absl::string_view text, std::string& out) {
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out.push_back(text[i]);
      continue;
    }
    if (++i == text.size() || text[i] < '1' || text[i] > '7') return false;
    out.push_back(kMapped[text[i] - '1']);
  }
  return true;
}

// vmtoolsd's codes: some names are refused as arguments, others as logins.
Error ErrorOfName(absl::string_view name) {
  const std::string_view view(name.data(), name.size());
  switch (CheckUserName(view)) {
    case UserNameCheck::kNotAName:
      return Error::kInvalidArgument;
    case UserNameCheck::kBadCharacters:
      return Error::kInvalidLoginCredentials;
    case UserNameCheck::kOk:
      break;
  }
  return IsUtf8(view) ? Error::kOk : Error::kInvalidLoginCredentials;
}

// "name NUL password NUL".
Error Split(absl::string_view decoded, Credential& credential) {
  wire::Reader reader(decoded);
  const absl::string_view user = reader.UntilNul();
  const absl::string_view password = reader.UntilNul();
  if (!reader.ok()) return Error::kInvalidLoginCredentials;
  const Error error = ErrorOfName(user);
  if (error != Error::kOk) return error;
  if (password.size() > kMaxPassword) return Error::kInvalidLoginCredentials;
  credential.user = std::string(user);
  credential.password = std::string(password);
  return Error::kOk;
}

Error ParseNamePassword(absl::string_view region, Credential& credential) {
  wire::Reader reader(region);
  // The two lengths are those before encoding; vmtoolsd does not look at them either.
  reader.Skip(8);
  const absl::string_view obfuscated = reader.UntilNul();
  if (!reader.ok()) return Error::kInvalidMessageBody;

  std::string base64;
  std::string decoded;
  Error error = Error::kInvalidLoginCredentials;
  if (UndoCharacterMap(obfuscated, base64) && absl::Base64Unescape(base64, &decoded)) {
    error = Split(decoded, credential);
  }
  Wipe(base64);
  Wipe(decoded);
  return error;
}

// u32 length and a string of exactly that length.
Error ParseTicket(absl::string_view region) {
  wire::Reader reader(region);
  const uint32_t length = reader.U32();
  const absl::string_view ticket = reader.UntilNul();
  if (!reader.ok() || ticket.size() != length) return Error::kInvalidMessageBody;
  return Error::kNotSupported;
}

}  // namespace

Credential::~Credential() { Wipe(password); }

Error ParseCredential(uint32_t type, absl::string_view region, Credential& credential) {
  switch (type) {
    case kCredentialNamePassword:
    case kCredentialObfuscatedNamePassword:
    case kCredentialNamedInteractiveUser:
      return ParseNamePassword(region, credential);
    case kCredentialTicketedSession:
      return ParseTicket(region);
    default:
      return Error::kNotSupported;
  }
}

}  // namespace toolboxd::vix
