// SPDX-License-Identifier: Apache-2.0

#include "vixd/plain_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace toolboxd::vixd {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::UnorderedElementsAreArray;

const std::vector<std::string> kEnvironment = {"HOME=/root", "PATH=/usr/bin:/bin", "EMPTY="};

bool IsPlain(const std::string& arguments,
             const std::vector<std::string>& environment = kEnvironment) {
  return AsPlainCommand("/bin/true", arguments, "/", environment).has_value();
}

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// The lines that a command writes.
std::vector<std::string> Output(const std::vector<std::string>& arguments,
                                const std::string& directory,
                                const std::vector<std::string>& environment) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    if (chdir(directory.c_str()) != 0 || dup2(ends[1], 1) < 0) _exit(99);
    execve(arguments[0].c_str(), Pointers(arguments).data(), Pointers(environment).data());
    _exit(98);
  }
  close(ends[1]);
  std::string text;
  char part[4096];
  for (ssize_t size; (size = read(ends[0], part, sizeof part)) > 0;) text.append(part, size);
  close(ends[0]);
  int status;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

// Has a symbolic link to a directory: bash sets PWD to the directory that it points to.
class PlainCommandTest : public testing::Test {
 protected:
  PlainCommandTest() {
    std::string path = testing::TempDir() + "/plainXXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    link_ = path + "/link";
    EXPECT_EQ(symlink("/usr/lib", link_.c_str()), 0);
  }
  std::string link_;
};

TEST_F(PlainCommandTest, EnvironmentIsWhatBashWouldPassOn) {
  if (access("/bin/bash", X_OK) != 0) FAIL() << "the comparison needs bash";
  const std::string program = "/usr/bin/printenv";
  const auto command = AsPlainCommand(program, "", link_, kEnvironment);
  ASSERT_TRUE(command.has_value());
  std::vector<std::string> environment = kEnvironment;
  environment.insert(environment.end(), command->variables.begin(), command->variables.end());
  EXPECT_THAT(Output(command->arguments, link_, environment),
              UnorderedElementsAreArray(
                  Output({"/bin/bash", "-c", "\"/usr/bin/printenv\""}, link_, kEnvironment)));
}

TEST_F(PlainCommandTest, ArgumentsAreWhatBashWouldPassOn) {
  if (access("/bin/bash", X_OK) != 0) FAIL() << "the comparison needs bash";
  const std::string arguments = "%s-\t  a=b -x --y=1,2:3 50% u@h ./+ \t";
  const auto command = AsPlainCommand("/usr/bin/printf", arguments, "/", kEnvironment);
  ASSERT_TRUE(command.has_value());
  EXPECT_THAT(command->arguments,
              ElementsAre("/usr/bin/printf", "%s-", "a=b", "-x", "--y=1,2:3", "50%", "u@h", "./+"));
  EXPECT_EQ(Output(command->arguments, "/", kEnvironment),
            Output({"/bin/bash", "-c", "\"/usr/bin/printf\" " + arguments}, "/", kEnvironment));
}

TEST(PlainCommand, CharactersWithAMeaningToAShellNeedBash) {
  EXPECT_TRUE(IsPlain("a b"));
  for (const char c : std::string("$`\"'\\*?[]{}()<>|&;#~!^\n\r\x80\x01")) {
    EXPECT_FALSE(IsPlain(absl::StrCat("a", std::string(1, c)))) << static_cast<int>(c);
  }
}

TEST(PlainCommand, VariablesThatBashReadsOrChangesNeedBash) {
  for (const char* variable :
       {"BASH_ENV=/x", "BASH_FUNC_f%%=() { :; }", "SHELLOPTS=xtrace", "POSIXLY_CORRECT=1", "PWD=/x",
        "OLDPWD=/x", "SHLVL=3", "_=/x", "not-a-name=1", "1=2", "=x", "EMPTY=again"}) {
    std::vector<std::string> environment = kEnvironment;
    environment.push_back(variable);
    EXPECT_FALSE(IsPlain("", environment)) << variable;
  }
}

TEST(PlainCommand, NameWithoutAPathNeedsBash) {
  EXPECT_THAT(AsPlainCommand("true", "", "/", kEnvironment).has_value(), Eq(false));
}

TEST(PlainCommand, DirectoryThatDoesNotExistNeedsBash) {
  EXPECT_FALSE(AsPlainCommand("/bin/true", "", "/nonexistent", kEnvironment).has_value());
}

}  // namespace
}  // namespace toolboxd::vixd
