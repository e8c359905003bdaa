// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/credential_hash.h"

#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

namespace toolboxd {

bool CredentialHash::operator==(const CredentialHash& other) const {
  return nettle_memeql_sec(bytes_.data(), other.bytes_.data(), bytes_.size()) != 0;
}

CredentialHasher::CredentialHasher() {
  if (getrandom(key_.data(), key_.size(), 0) != static_cast<ssize_t>(key_.size())) abort();
}

CredentialHasher::~CredentialHasher() { explicit_bzero(key_.data(), key_.size()); }

CredentialHash CredentialHasher::Hash(absl::string_view user, absl::string_view password) const {
  const auto bytes = [](absl::string_view text) {
    return reinterpret_cast<const uint8_t*>(text.data());
  };
  // The length in front keeps "ab" + "c" and "a" + "bc" apart.
  const uint64_t user_size = user.size();
  hmac_sha256_ctx context;
  nettle_hmac_sha256_set_key(&context, key_.size(), key_.data());
  nettle_hmac_sha256_update(&context, sizeof user_size,
                            reinterpret_cast<const uint8_t*>(&user_size));
  nettle_hmac_sha256_update(&context, user.size(), bytes(user));
  nettle_hmac_sha256_update(&context, password.size(), bytes(password));
  CredentialHash hash;
  nettle_hmac_sha256_digest(&context, hash.bytes_.size(), hash.bytes_.data());
  // The context holds the last block of the password.
  explicit_bzero(&context, sizeof context);
  return hash;
}

}  // namespace toolboxd
