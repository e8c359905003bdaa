// SPDX-License-Identifier: Apache-2.0

#include "base/wipe.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(Wipe, OverwritesAndEmptiesTheString) {
  std::string secret = "a secret that is longer than the small string buffer";
  const char* const bytes = secret.data();
  const size_t size = secret.size();
  Wipe(secret);
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(std::string(bytes, size), std::string(size, '\0'));
}

TEST(Wipe, OverwritesWhatAShorterValueLeftBehind) {
  std::string secret(100, 's');
  const char* const bytes = secret.data();
  secret.resize(3);
  Wipe(secret);
  EXPECT_TRUE(secret.empty());
  EXPECT_EQ(std::string(bytes, 100), std::string(100, '\0'));
}

TEST(Wipe, OverwritesAShortString) {
  std::string secret = "short";
  const char* const bytes = secret.data();
  Wipe(secret);
  EXPECT_EQ(std::string(bytes, 5), std::string(5, '\0'));
}

}  // namespace
}  // namespace toolboxd
