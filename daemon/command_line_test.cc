// SPDX-License-Identifier: Apache-2.0

#include "daemon/command_line.h"

#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/reflection.h"
#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

ABSL_FLAG(std::string, test_text, "plain", "A text.");
ABSL_FLAG(int, test_number, 7, "A number.");
ABSL_FLAG(bool, test_switch, false, "A switch.");
ABSL_FLAG(absl::Duration, test_time, absl::Seconds(5), "A time.");

namespace toolboxd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class CommandLineTest : public testing::Test {
 protected:
  absl::StatusOr<CommandLine> Read(const std::vector<std::string>& args) {
    return ReadCommandLine(program_, args);
  }
  std::string Error(const std::vector<std::string>& args) {
    return std::string(Read(args).status().message());
  }

  absl::FlagSaver saver_;
  // This file's flags are those of a folder named daemon.
  Program program_{"daemon", "does something", {}, false};
};

TEST_F(CommandLineTest, FlagsAreTakenInEveryForm) {
  ASSERT_TRUE(
      Read({"--test_text=a=b", "-test_number", "-3", "--test_switch", "--test_time=2m"}).ok());
  EXPECT_EQ(absl::GetFlag(FLAGS_test_text), "a=b");
  EXPECT_EQ(absl::GetFlag(FLAGS_test_number), -3);
  EXPECT_TRUE(absl::GetFlag(FLAGS_test_switch));
  EXPECT_EQ(absl::GetFlag(FLAGS_test_time), absl::Minutes(2));
  ASSERT_TRUE(Read({"--notest_switch", "--test_text="}).ok());
  EXPECT_FALSE(absl::GetFlag(FLAGS_test_switch));
  EXPECT_EQ(absl::GetFlag(FLAGS_test_text), "");
}

TEST_F(CommandLineTest, FlagsThatWereGivenAreNamed) {
  const auto line = Read({"--notest_switch", "-test_number", "3", "--test_text="});
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_THAT(line->flags, ElementsAre("test_switch", "test_number", "test_text"));
  EXPECT_THAT(Read({"--help"})->flags, ElementsAre());
}

TEST_F(CommandLineTest, ErrorsQuoteTheWrongArgument) {
  EXPECT_EQ(Error({"--nothing"}), "unknown flag --nothing");
  EXPECT_EQ(Error({"--nothing=1"}), "unknown flag --nothing");
  EXPECT_EQ(Error({"--notest_text"}), "unknown flag --notest_text");
  EXPECT_EQ(Error({"--test_text"}), "flag --test_text needs a value");
  EXPECT_EQ(Error({"--test_number=many"}), "--test_number: 'many' is not a valid value");
  EXPECT_EQ(Error({"--test_switch=perhaps"}), "--test_switch: 'perhaps' is not a valid value");
  EXPECT_EQ(Error({"argument"}), "unexpected argument 'argument'");
  EXPECT_EQ(Error({"--", "--test_switch"}), "unexpected argument '--test_switch'");
  EXPECT_EQ(Error({"-"}), "unexpected argument '-'");
  EXPECT_EQ(Error({"--="}), "unknown flag --");
}

TEST_F(CommandLineTest, ArgumentsAreTakenOnlyWhereDeclared) {
  program_.takes_arguments = true;
  absl::StatusOr<CommandLine> line = Read({"a", "--test_switch", "-", "--", "--b"});
  ASSERT_TRUE(line.ok());
  EXPECT_THAT(line->arguments, ElementsAre("a", "-", "--b"));
  EXPECT_TRUE(absl::GetFlag(FLAGS_test_switch));
}

TEST_F(CommandLineTest, HelpAndVersionAreRecognised) {
  EXPECT_TRUE(Read({"--help"})->help);
  EXPECT_TRUE(Read({"-h"})->help);
  EXPECT_TRUE(Read({"--version"})->version);
  EXPECT_FALSE(Read({})->help);
}

TEST_F(CommandLineTest, AnotherProgramsFlagsAreUnknown) {
  program_.name = "daemo";
  EXPECT_EQ(Error({"--test_switch"}), "unknown flag --test_switch");
  EXPECT_THAT(HelpText(program_), Not(HasSubstr("test_switch")));
  program_.flag_sources = {"daemon/command_line_test.cc"};
  EXPECT_TRUE(Read({"--test_switch"}).ok());
}

TEST_F(CommandLineTest, AbseilsOwnFlagsAreUnknown) {
  EXPECT_EQ(Error({"--flagfile=/etc/passwd"}), "unknown flag --flagfile");
  EXPECT_EQ(Error({"--fromenv=x"}), "unknown flag --fromenv");
}

TEST_F(CommandLineTest, HelpShowsEachFlagWithItsDefault) {
  const std::string help = HelpText(program_);
  EXPECT_THAT(help, HasSubstr("daemon: does something\n"));
  EXPECT_THAT(help, HasSubstr("  --test_number  (default: 7)\n      A number.\n"));
  EXPECT_THAT(help, HasSubstr("--test_time  (default: 5s)"));
  EXPECT_THAT(help, HasSubstr("--help"));
}

}  // namespace
}  // namespace toolboxd
