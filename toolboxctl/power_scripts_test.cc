// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/power_scripts.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing/short_temp_dir.h"
#include "base/testing/whole_file.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(PowerScripts, EachEventHasAFolder) {
  const ShortTempDir dir;
  const StopSignal stop;
  for (const char* event : {"poweron", "halt", "reboot", "suspend", "resume"}) {
    const std::string script = absl::StrCat(dir.path(), "/", event, "/10-note");
    std::filesystem::create_directory(dir.File(event));
    std::filesystem::permissions(dir.File(event), std::filesystem::perms::owner_all);
    std::ofstream(script) << "#!/bin/sh\necho $TOOLBOXD_POWER_EVENT >" << dir.File("log") << "\n";
    ASSERT_EQ(chmod(script.c_str(), 0755), 0);
    const absl::Status status = RunPowerScripts({.hook_dir = dir.path()}, event, stop);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(ReadWholeFile(dir.File("log")), absl::StrCat(event, "\n"));
  }
}

TEST(PowerScripts, OtherNamesAreRefused) {
  const StopSignal stop;
  for (const char* event : {"", "Halt", "../halt"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(RunPowerScripts({}, event, stop))) << event;
  }
}

}  // namespace
}  // namespace toolboxd
