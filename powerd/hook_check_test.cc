// SPDX-License-Identifier: Apache-2.0

#include "powerd/hook_check.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/testing/short_temp_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using testing::HasSubstr;

class HookCheckTest : public testing::Test {
 protected:
  HookCheckTest() {
    std::filesystem::create_directories(dir_.File("power.d/halt"));
    std::filesystem::create_directories(dir_.File("elsewhere"));
    Script("power.d/halt/10-ours");
    Script("elsewhere/script");
  }

  void Script(const std::string& name) {
    std::ofstream(dir_.File(name)) << "#!/bin/sh\n";
    Mode(name, 0755);
  }
  void Mode(const std::string& name, mode_t mode) {
    ASSERT_EQ(chmod(dir_.File(name).c_str(), mode), 0);
  }
  absl::Status Check() const { return CheckHooks(dir_.File("power.d/halt")); }
  // The check fails because of `name`.
  void ExpectRefused(const std::string& name) {
    EXPECT_THAT(std::string(Check().message()), HasSubstr(dir_.File(name) + " is writable"));
  }

  ShortTempDir dir_;
};

TEST_F(HookCheckTest, ScriptsOfTheAdministratorPass) {
  EXPECT_TRUE(Check().ok()) << Check();
  EXPECT_TRUE(CheckHooks(dir_.File("power.d/resume")).ok());
}

TEST_F(HookCheckTest, ScriptThatOthersMayWriteIsRefused) {
  for (const mode_t mode : {0777, 0775, 0757}) {
    Mode("power.d/halt/10-ours", mode);
    ExpectRefused("power.d/halt/10-ours");
  }
  // run-parts does not run it today; a chmod +x later is not a decision about its content.
  Mode("power.d/halt/10-ours", 0666);
  ExpectRefused("power.d/halt/10-ours");
}

TEST_F(HookCheckTest, FolderThatOthersMayWriteIsRefused) {
  Mode("power.d/halt", 0775);
  ExpectRefused("power.d/halt");
  // Sticky protects files from being exchanged, and not from new ones.
  Mode("power.d/halt", 01777);
  ExpectRefused("power.d/halt");
}

TEST_F(HookCheckTest, FolderOnTheWayThatOthersMayWriteIsRefused) {
  Mode("power.d", 0777);
  ExpectRefused("power.d");
}

TEST_F(HookCheckTest, LinkIsAsSafeAsWhatItLeadsTo) {
  std::filesystem::create_symlink(dir_.File("elsewhere/script"), dir_.File("power.d/halt/20-link"));
  EXPECT_TRUE(Check().ok()) << Check();
  Mode("elsewhere", 0777);
  ExpectRefused("elsewhere");
  Mode("elsewhere", 0755);
  Mode("elsewhere/script", 0777);
  ExpectRefused("power.d/halt/20-link");
  std::filesystem::remove(dir_.File("elsewhere/script"));
  EXPECT_TRUE(Check().ok()) << "a link that leads nowhere";
}

}  // namespace
}  // namespace toolboxd
