// SPDX-License-Identifier: Apache-2.0

#include "base/user_name.h"

#include <string>

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using std::string_literals::operator""s;

TEST(UserName, UnusualNamesAreAccepted) {
  for (const std::string& name :
       {"root"s, "a"s, "DOMAIN\\alice"s, "alice@example.com"s, "j\xc3\xbcrgen"s, "first last"s,
        "a-b"s, "..."s, std::string(kMaxUserName, 'a')}) {
    EXPECT_EQ(CheckUserName(name), UserNameCheck::kOk) << name;
  }
}

TEST(UserName, PathsAndOverlongNamesAreRefused) {
  for (const std::string& name : {""s, "."s, ".."s, "../etc"s, "a/b"s, "/"s, "a/\n"s,
                                  std::string(kMaxUserName + 1, 'a'), std::string(1 << 20, 'a')}) {
    EXPECT_EQ(CheckUserName(name), UserNameCheck::kNotAName) << name.substr(0, 20);
  }
}

TEST(UserName, ControlCharactersAndOptionsAreRefused) {
  for (const std::string& name : {"a\nb"s, "a\0b"s, "a\x7f"s, "\x1f"s, "-x"s, "-"s}) {
    EXPECT_EQ(CheckUserName(name), UserNameCheck::kBadCharacters) << name;
  }
}

}  // namespace
}  // namespace toolboxd
