// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/customize_verb.h"

#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace toolboxd::vmxsim {
namespace {

std::string FileWith(const std::string& name, const std::string& content) {
  const std::string path = ::testing::TempDir() + "/" + name;
  std::ofstream(path) << content;
  return path;
}

TEST(CustomizeVerb, StatesOfTheNetworkAreNotTheLast) {
  for (const char* state : {"3", "4 0 /log", "4 103 /log@1", "4 104 /log@1", "", "nonsense"}) {
    EXPECT_FALSE(IsLastState(state)) << state;
  }
  for (const char* state : {"5 0 /log", "3 5 Package file /x not found", "3 7 off", "4 8 x",
                            "4 100 /log@why", "4 101 /log"}) {
    EXPECT_TRUE(IsLastState(state)) << state;
  }
}

TEST(CustomizeVerb, PackageIsMadeOfTheFiles) {
  CustomizeOptions options;
  ASSERT_TRUE(ParseCustomizeOptions({"--cust_cfg=" + FileWith("c", "[NETWORK]\n"),
                                     "--file=scripts/a.sh=" + FileWith("a", "echo x\n")},
                                    options)
                  .ok());
  const absl::StatusOr<std::string> package = PackageOf(options);
  ASSERT_TRUE(package.ok());
  EXPECT_TRUE(absl::StartsWith(*package, "VMWAREDEPLOYPKG_"));
  for (const char* part : {"cust.cfg", "[NETWORK]", "a.sh", "echo x"}) {
    EXPECT_TRUE(absl::StrContains(*package, part)) << part;
  }
}

TEST(CustomizeVerb, CommandAndFlagsAreInTheHeader) {
  CustomizeOptions options;
  const std::string file = "--cust_cfg=" + FileWith("c", "[NETWORK]\n");
  ASSERT_TRUE(ParseCustomizeOptions({file, "--command=/bin/true", "--skip_reboot"}, options).ok());
  const std::string package = PackageOf(options).value();
  EXPECT_EQ(package[19], 1);
  EXPECT_EQ(package.substr(56, 456), "/bin/true" + std::string(447, '\0'));
  EXPECT_EQ(package.substr(512, 4), "MSCF");
  options.command = std::string(456, 'x');
  EXPECT_TRUE(absl::IsInvalidArgument(PackageOf(options).status()));
}

TEST(CustomizeVerb, FinishedPackageIsSentAsItIs) {
  CustomizeOptions options;
  ASSERT_TRUE(ParseCustomizeOptions({FileWith("p", "nonsense")}, options).ok());
  EXPECT_EQ(*PackageOf(options), "nonsense");
}

TEST(CustomizeVerb, WrongUseIsExplained) {
  CustomizeOptions options;
  EXPECT_TRUE(absl::IsInvalidArgument(ParseCustomizeOptions({"a", "b"}, options)));
  options.package = "/nonexistent";
  EXPECT_FALSE(PackageOf(options).ok());
}

}  // namespace
}  // namespace toolboxd::vmxsim
