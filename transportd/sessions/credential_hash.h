// SPDX-License-Identifier: Apache-2.0

// CredentialHash: recognises a credential that is not stored.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_CREDENTIAL_HASH_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_CREDENTIAL_HASH_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace toolboxd {

// Comparable with hashes of the same CredentialHasher only.
class CredentialHash {
 public:
  // In constant time.
  bool operator==(const CredentialHash& other) const;

 private:
  friend class CredentialHasher;
  std::array<uint8_t, 32> bytes_{};
};

// HMAC-SHA-256 under a random key that never leaves the process: two processes' hashes of the same
// credential differ, and without the key a copy of them cannot be searched for passwords.
// Thread-safe.
class CredentialHasher {
 public:
  // Ends the process if the kernel returns no random bytes.
  CredentialHasher();
  ~CredentialHasher();
  CredentialHasher(const CredentialHasher&) = delete;
  CredentialHasher& operator=(const CredentialHasher&) = delete;

  CredentialHash Hash(absl::string_view user, absl::string_view password) const;

 private:
  std::array<uint8_t, 32> key_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_CREDENTIAL_HASH_H_
