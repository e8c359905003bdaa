// SPDX-License-Identifier: Apache-2.0

#include "freezer/options.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace toolboxd::freezer {
namespace {

// The options point into the arguments of the last call.
ParseResult Parse(std::vector<std::string> texts, Options& options) {
  static std::vector<std::string> arguments;
  arguments = std::move(texts);
  const std::string passwd = testing::TempDir() + "/passwd";
  std::ofstream(passwd) << "root:x:0:0::/:/bin/sh\nsnapshot:x:987:987::/:/bin/sh\n";
  std::vector<char*> argv = {const_cast<char*>("toolboxd-freezer")};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  return ParseOptions(static_cast<int>(argv.size()) - 1, argv.data(), passwd.c_str(), options);
}

TEST(Options, DefaultsAreThoseOfTheUnit) {
  Options options;
  EXPECT_EQ(Parse({}, options), ParseResult::kRun);
  EXPECT_STREQ(options.state, "/run/toolboxd-freezer/frozen");
  EXPECT_EQ(options.allowed_count, 0u);
  EXPECT_FALSE(options.thaw);
}

TEST(Options, UsersAreNamesOrNumbers) {
  Options options;
  EXPECT_EQ(Parse({"--allow=snapshot", "--allow", "12", "--thaw", "--state=/run/x"}, options),
            ParseResult::kRun);
  ASSERT_EQ(options.allowed_count, 2u);
  EXPECT_EQ(options.allowed[0], 987u);
  EXPECT_EQ(options.allowed[1], 12u);
  EXPECT_TRUE(options.thaw);
  EXPECT_STREQ(options.state, "/run/x");
}

TEST(Options, WrongOnesAreUsageErrors) {
  const std::vector<std::vector<std::string>> cases = {
      {"--allow=nobody-of-that-name"},
      {"--allow="},
      {"--allow=4294967295"},
      {"--allow"},
      {"--other"},
      {"argument"},
      {"--thaw=1"},
  };
  for (const auto& arguments : cases) {
    Options options;
    EXPECT_EQ(Parse(arguments, options), ParseResult::kExitUsage) << arguments[0];
  }
  Options options;
  EXPECT_EQ(Parse(std::vector<std::string>(kMaxAllowed + 1, "--allow=1"), options),
            ParseResult::kExitUsage);
}

TEST(Options, HelpAndVersionSucceed) {
  Options options;
  EXPECT_EQ(Parse({"--help"}, options), ParseResult::kExitSuccess);
  EXPECT_EQ(Parse({"--version"}, options), ParseResult::kExitSuccess);
}

}  // namespace
}  // namespace toolboxd::freezer
