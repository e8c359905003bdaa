// SPDX-License-Identifier: Apache-2.0

// Recognising a credential without keeping it.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_CREDENTIAL_HASH_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_CREDENTIAL_HASH_H_

#include <array>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace toolboxd {

// Only comparable, and only within the process that made it.
class CredentialHash {
 public:
  // Takes the same time whether or not, and wherever, the two differ.
  bool operator==(const CredentialHash& other) const;

 private:
  friend class CredentialHasher;
  std::array<uint8_t, 32> bytes_{};
};

// HMAC-SHA-256 under a random key that never leaves the process and goes with it: hashes
// of the same credential by two processes have nothing in common, and a copy of them
// cannot be searched for passwords without the key.
class CredentialHasher {
 public:
  // Ends the process where the kernel gives no random bytes.
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
