// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/credential_hash.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(CredentialHash, SameCredentialHasTheSameHash) {
  const CredentialHasher hasher;
  EXPECT_TRUE(hasher.Hash("alice", "secret") == hasher.Hash("alice", "secret"));
  EXPECT_TRUE(hasher.Hash("", "") == hasher.Hash("", ""));
}

TEST(CredentialHash, OtherCredentialsHaveOtherHashes) {
  const CredentialHasher hasher;
  const CredentialHash hash = hasher.Hash("alice", "secret");
  EXPECT_FALSE(hash == hasher.Hash("alice", "secreT"));
  EXPECT_FALSE(hash == hasher.Hash("alice", ""));
  EXPECT_FALSE(hash == hasher.Hash("bob", "secret"));
  EXPECT_FALSE(hash == hasher.Hash("alices", "ecret"));
}

TEST(CredentialHash, OtherProcessesHaveOtherHashes) {
  const CredentialHasher one;
  const CredentialHasher other;
  EXPECT_FALSE(one.Hash("alice", "secret") == other.Hash("alice", "secret"));
}

TEST(CredentialHash, LongPasswordsDifferInTheirLastByte) {
  const CredentialHasher hasher;
  const std::string password(1 << 20, 'x');
  EXPECT_TRUE(hasher.Hash("u", password) == hasher.Hash("u", password));
  EXPECT_FALSE(hasher.Hash("u", password) == hasher.Hash("u", password + "x"));
}

}  // namespace
}  // namespace toolboxd
