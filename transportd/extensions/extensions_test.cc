// SPDX-License-Identifier: Apache-2.0

#include "transportd/extensions/extensions.h"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

class ExtensionsTest : public ::testing::Test {
 protected:
  ExtensionsTest() { mkdir(folder_.c_str(), 0755); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
  }
  std::string Binding(const std::string& what) {
    return absl::StrCat("extension { target: \"unix:", socket_, "\" ", what, " }\n");
  }

  ShortTempDir temp_;
  const std::string folder_ = temp_.path() + "/routes.d";
  const std::string socket_ = temp_.path() + "/echo.sock";
};

TEST_F(ExtensionsTest, MissingFolderBindsNothing) {
  const Extensions extensions("/nonexistent", absl::Seconds(1));
  EXPECT_EQ(extensions.FindCommand("OS_Halt"), nullptr);
  EXPECT_EQ(extensions.FindScheme("echo"), nullptr);
  EXPECT_FALSE(extensions.state().found);
}

TEST_F(ExtensionsTest, FilesBindCommandsSchemesAndFunctions) {
  Write("a.textproto", Binding("tclo_command: \"OS_Halt\"") + Binding("file_scheme: \"echo\"") +
                           Binding("function: \"echo.Upper\" timeout_milliseconds: 1500"));
  Write("ignored.txt", Binding("tclo_command: \"Other\""));
  const Extensions extensions(folder_, absl::Seconds(1));
  ASSERT_NE(extensions.FindCommand("OS_Halt"), nullptr);
  EXPECT_EQ(extensions.FindCommand("OS_Halt")->timeout, absl::Seconds(1));
  EXPECT_EQ(extensions.FindCommand("Other"), nullptr);
  EXPECT_EQ(extensions.FindCommand("echo"), nullptr);
  ASSERT_NE(extensions.FindScheme("echo"), nullptr);
  ASSERT_NE(extensions.FindFunction("echo.Upper"), nullptr);
  EXPECT_EQ(extensions.FindFunction("echo.Upper")->timeout, absl::Milliseconds(1500));
  for (const ExtensionTarget* target :
       {extensions.FindCommand("OS_Halt"), extensions.FindScheme("echo"),
        extensions.FindFunction("echo.Upper")}) {
    EXPECT_EQ(target->socket, socket_);
  }
}

TEST_F(ExtensionsTest, TimeoutsAreLimited) {
  Write("a.textproto", Binding("tclo_command: \"X\" timeout_milliseconds: 3600000"));
  const Extensions extensions(folder_, absl::Seconds(1));
  ASSERT_NE(extensions.FindCommand("X"), nullptr);
  EXPECT_EQ(extensions.FindCommand("X")->timeout, Extensions::kMaxTimeout);
}

TEST_F(ExtensionsTest, BadFilesAreSkippedAndLaterOnesWin) {
  Write("1.textproto", Binding("tclo_command: \"X\" timeout_milliseconds: 111"));
  Write("2.textproto", Binding("function: \"f\"") + "nonsense");
  Write("3.textproto", Binding("function: \"f\"") + Binding(""));
  Write("4.textproto", "extension { target: \"dns:example.com\" function: \"f\" }");
  Write("5.textproto", Binding("file_scheme: \"a/b\""));
  Write("6.textproto", Binding("function: \"g\" timeout_milliseconds: 1") +
                           Binding("function: \"g\" timeout_milliseconds: 2"));
  const Extensions extensions(folder_, absl::Seconds(1));
  EXPECT_NE(extensions.FindCommand("X"), nullptr);
  EXPECT_EQ(extensions.FindFunction("f"), nullptr);
  EXPECT_EQ(extensions.FindScheme("a/b"), nullptr);
  ASSERT_NE(extensions.FindFunction("g"), nullptr);
  EXPECT_EQ(extensions.FindFunction("g")->timeout, absl::Milliseconds(2));
  EXPECT_TRUE(extensions.state().found);
  ASSERT_EQ(extensions.state().faults.size(), 4u);
  EXPECT_TRUE(absl::StrContains(extensions.state().faults[0], "2.textproto: line 2"))
      << extensions.state().faults[0];
}

TEST_F(ExtensionsTest, ReloadDropsBindingsThatAreGone) {
  Write("a.textproto", Binding("tclo_command: \"X\""));
  Extensions extensions(folder_, absl::Seconds(1));
  EXPECT_NE(extensions.FindCommand("X"), nullptr);
  unlink((folder_ + "/a.textproto").c_str());
  extensions.Load();
  EXPECT_EQ(extensions.FindCommand("X"), nullptr);
  Write("b.textproto", Binding("tclo_command: \"Y\""));
  extensions.Load();
  EXPECT_NE(extensions.FindCommand("Y"), nullptr);
}

}  // namespace
}  // namespace toolboxd
