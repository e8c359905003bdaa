// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/options.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"
#include "vmxsim/control_frame.h"

namespace toolboxd::vmxsim {
namespace {

class VmxsimOptionsTest : public testing::Test {
 protected:
  VmxsimOptionsTest() : options_("verb", "Does it.") {
    options_.Flag("flag", &flag_, "a flag");
    options_.String("text", &text_, "a text");
    options_.Uint("number", &number_, "a number");
    options_.Duration("time", &time_, "a time");
    options_.Strings("each", &each_, "texts");
  }

  absl::Status Parse(const std::vector<std::string>& words) {
    return options_.Parse(words, &arguments_);
  }

  Options options_;
  bool flag_ = false;
  std::string text_;
  uint64_t number_ = 7;
  absl::Duration time_;
  std::vector<std::string> each_;
  std::vector<std::string> arguments_;
};

TEST_F(VmxsimOptionsTest, ReadsOptionsAndLeavesArguments) {
  ASSERT_TRUE(Parse({"--flag", "--text=a=b", "--number", "12", "--time=200ms", "--each=1", "--each",
                     "2", "command", "--not-mine"})
                  .ok());
  EXPECT_TRUE(flag_);
  EXPECT_EQ(text_, "a=b");
  EXPECT_EQ(number_, 12u);
  EXPECT_EQ(time_, absl::Milliseconds(200));
  EXPECT_EQ(each_, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(arguments_, (std::vector<std::string>{"command", "--not-mine"}));
}

TEST_F(VmxsimOptionsTest, DoubleDashEndsTheOptions) {
  ASSERT_TRUE(Parse({"--time=1.5", "--", "--flag"}).ok());
  EXPECT_EQ(time_, absl::Seconds(1.5));
  EXPECT_FALSE(flag_);
  EXPECT_EQ(arguments_, std::vector<std::string>{"--flag"});
}

TEST_F(VmxsimOptionsTest, OptionsMayFollowArgumentsWhereAllowed) {
  options_.AllowAfterArguments();
  ASSERT_TRUE(Parse({"a", "--number=3", "b", "--", "--flag"}).ok());
  EXPECT_EQ(number_, 3u);
  EXPECT_EQ(arguments_, (std::vector<std::string>{"a", "b", "--flag"}));
}

TEST_F(VmxsimOptionsTest, ExplainsWrongUse) {
  EXPECT_EQ(Parse({"--nonsense"}).message(), "unknown option --nonsense");
  EXPECT_EQ(Parse({"--flag=1"}).message(), "--flag takes no value");
  EXPECT_EQ(Parse({"--text"}).message(), "--text needs a value");
  EXPECT_EQ(Parse({"--number=x"}).message(), "\"x\" is not a valid value of --number");
  EXPECT_EQ(Parse({"--time=-1s"}).message(), "\"-1s\" is not a valid value of --time");
  EXPECT_TRUE(absl::StrContains(options_.Help(), "--number=VALUE"));
}

TEST(ControlFrame, CallsAndAnswersSurviveTheWire) {
  const std::vector<std::string> words = {"tclo", "", std::string("a\0b", 3)};
  EXPECT_EQ(*DecodeCall(EncodeCall(words)), words);
  EXPECT_EQ(*DecodeAnswer(EncodeAnswer(std::string("\0x", 2))), std::string("\0x", 2));
  EXPECT_EQ(DecodeAnswer(EncodeAnswer(absl::NotFoundError("why"))).status(),
            absl::NotFoundError("why"));
}

TEST(ControlFrame, MalformedCallsAreRefused) {
  const std::string call = EncodeCall({"wait", "1"});
  for (size_t size = 0; size < call.size(); ++size) {
    EXPECT_FALSE(DecodeCall(call.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(DecodeCall(call + "x").ok());
  EXPECT_FALSE(DecodeCall(std::string("\xFF\xFF\xFF\xFF", 4)).ok());
  EXPECT_FALSE(DecodeAnswer("").ok());
}

}  // namespace
}  // namespace toolboxd::vmxsim
