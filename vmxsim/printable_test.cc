// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/printable.h"

#include "gtest/gtest.h"

namespace toolboxd::vmxsim {
namespace {

TEST(Printable, QuotesAndBackslashesStayAsTheyAre) {
  EXPECT_EQ(Printable(R"(key='Bob\'s "Linux"' \\)"), R"(key='Bob\'s "Linux"' \\)");
}

TEST(Printable, LettersOfAllLanguagesStayAsTheyAre) {
  EXPECT_EQ(Printable("Größe 大小"), "Größe 大小");
}

TEST(Printable, ControlCharactersAreEscaped) {
  EXPECT_EQ(Printable("a\nb\x1b[31m"), "a\\nb\\x1b[31m");
  EXPECT_EQ(Printable(absl::string_view("\0", 1)), "\\x00");
}

}  // namespace
}  // namespace toolboxd::vmxsim
