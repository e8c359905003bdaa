// SPDX-License-Identifier: Apache-2.0

#include "base/shown_name.h"

#include <string>

#include "base/utf8.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(ShownName, NameInUtf8IsShownAsItIs) {
  for (const char* name : {"", "a", "50%", "a%FF", "%25", "\xc3\xa9\n", "\"%&'<>"}) {
    EXPECT_EQ(ShowName(name), name);
  }
}

TEST(ShownName, BytesThatAreNotUtf8AreEscaped) {
  EXPECT_EQ(ShowName("caf\xe9"), "caf%E9");
  EXPECT_EQ(ShowName("\xff\xfe"), "%FF%FE");
  EXPECT_EQ(ShowName("\xc3\xa9\xc3"), "\xc3\xa9%C3");
  EXPECT_EQ(ShowName("50%\xe9"), "50%25%E9");
  EXPECT_EQ(ShowName("\xed\xa0\x80"), "%ED%A0%80");
}

TEST(ShownName, EveryNameThatIsNotUtf8ComesBack) {
  for (int first = 1; first < 256; ++first) {
    for (int second = 1; second < 256; ++second) {
      for (const char* end : {"", "a", "%", "%41"}) {
        std::string name = "%";
        name += static_cast<char>(first);
        name += static_cast<char>(second);
        name += end;
        if (IsUtf8(name)) continue;
        EXPECT_TRUE(IsUtf8(ShowName(name)));
        EXPECT_EQ(ReadShownName(ShowName(name)), name);
      }
    }
  }
}

// Neither a separator nor a plain letter can be hidden in another spelling.
TEST(ShownName, OtherSpellingsAreNotShownNames) {
  for (const char* text :
       {"", "a", "%41", "%2F", "%00", "%2E%2E", "%25", "%C3%A9", "%e9", "%E", "%", "%G9", "%E9%",
        "%41%E9", "%2F%E9", "%00%E9", "caf\xe9", "caf\xe9%E9", "50%%E9"}) {
    EXPECT_EQ(ReadShownName(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace toolboxd
