// SPDX-License-Identifier: Apache-2.0

// The credential region of a guest operation (docs/protocol/vix.md 4.3).

#ifndef TOOLBOXD_TRANSPORTD_VIX_CREDENTIAL_H_
#define TOOLBOXD_TRANSPORTD_VIX_CREDENTIAL_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "transportd/vix/error.h"

namespace toolboxd::vix {

// docs/protocol/vix.md 4.3.
enum CredentialType : uint32_t {
  kCredentialNone = 0,
  kCredentialNamePassword = 1,
  kCredentialAnonymous = 2,
  kCredentialRoot = 3,
  kCredentialObfuscatedNamePassword = 4,
  kCredentialConsoleUser = 5,
  kCredentialHostSecret = 6,
  kCredentialHostHashedSecret = 7,
  kCredentialNamedInteractiveUser = 8,
  kCredentialTicketedSession = 9,
  kCredentialSspi = 10,
  kCredentialSamlBearerToken = 11,
  kCredentialSamlHostVerified = 12,
};

// The longest password that is handed to PAM. base/user_name.h has the rule for names.
constexpr size_t kMaxPassword = 4096;

// A name and a password. The password is wiped when the object is destroyed, and so is every
// buffer that the decoder used; it is neither copyable nor movable, so there is one.
struct Credential {
  Credential() = default;
  Credential(const Credential&) = delete;
  Credential& operator=(const Credential&) = delete;
  ~Credential();

  std::string user;
  std::string password;
};

// Decodes the region of a request. Types 1, 4 and 8 give a name and a password.
// kInvalidMessageBody where the region is cut or has no NUL; kInvalidArgument for a name
// that is empty, too long, or a path; kInvalidLoginCredentials for what else cannot be a
// login (not base64, control characters in the name, a password that is too long);
// kNotSupported for types that Linux guests do not have, and for SAML tokens.
Error ParseCredential(uint32_t type, absl::string_view region, Credential& credential);

}  // namespace toolboxd::vix

#endif  // TOOLBOXD_TRANSPORTD_VIX_CREDENTIAL_H_
