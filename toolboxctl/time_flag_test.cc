// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/time_flag.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

absl::Duration Parsed(absl::string_view text) {
  TimeFlag flag;
  std::string error;
  EXPECT_TRUE(AbslParseFlag(text, &flag, &error)) << text << ": " << error;
  return flag.time;
}

TEST(TimeFlag, NumberIsSeconds) {
  EXPECT_EQ(Parsed("30"), absl::Seconds(30));
  EXPECT_EQ(Parsed("0.5"), absl::Milliseconds(500));
  EXPECT_EQ(Parsed("0"), absl::ZeroDuration());
}

TEST(TimeFlag, UnitIsTaken) {
  EXPECT_EQ(Parsed("30s"), absl::Seconds(30));
  EXPECT_EQ(Parsed("1m30s"), absl::Seconds(90));
  EXPECT_EQ(Parsed("500ms"), absl::Milliseconds(500));
  EXPECT_EQ(Parsed("inf"), absl::InfiniteDuration());
}

TEST(TimeFlag, ErrorShowsWhatIsValid) {
  for (const char* text : {"", "soon", "30 s", "5 minutes", "-3", "-3s", "nan"}) {
    TimeFlag flag;
    std::string error;
    EXPECT_FALSE(AbslParseFlag(text, &flag, &error)) << text;
    EXPECT_FALSE(error.empty()) << text;
  }
}

}  // namespace
}  // namespace toolboxd
