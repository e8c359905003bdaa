// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/support_bundle.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/testing/short_temp_dir.h"
#include "base/testing/whole_file.h"
#include "gtest/gtest.h"
#include "toolboxctl/program_output.h"

namespace toolboxd {
namespace {

std::string Member(const std::string& archive, const std::string& name) {
  return OutputOf({"tar", "-xzOf", archive, name}, 1 << 20).value_or("");
}

TEST(SupportBundle, FilesAreWhatProgramsPrintAndAreListed) {
  ShortTempDir parent;
  const std::string path = parent.File("bundle.tar.gz");
  const auto file = CreateBundle(path);
  ASSERT_TRUE(file.ok()) << file.status();
  const auto content = WriteBundle(
      file->get(), "folder", {{"one.txt", {"echo", "hello"}}, {"two.txt", {"no-such-program"}}});
  ASSERT_TRUE(content.ok()) << content.status();
  EXPECT_EQ(Member(path, "folder/one.txt"), "hello\n");
  EXPECT_TRUE(absl::StrContains(*content, "one.txt  6 bytes of: echo hello")) << *content;
  EXPECT_TRUE(absl::StrContains(*content, "two.txt  missing")) << *content;
  EXPECT_EQ(Member(path, "folder/CONTENT"), *content);
  struct stat info = {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(SupportBundle, WhatStandsAtItsNameIsNeitherWrittenNorFollowed) {
  ShortTempDir parent;
  const std::string victim = parent.File("victim"), link = parent.File("link"),
                    dangling = parent.File("dangling"), pipe = parent.File("pipe");
  ASSERT_TRUE(CreateBundle(victim).ok());
  ASSERT_EQ(symlink(victim.c_str(), link.c_str()), 0);
  ASSERT_EQ(symlink(parent.File("none").c_str(), dangling.c_str()), 0);
  ASSERT_EQ(mkfifo(pipe.c_str(), 0666), 0);
  for (const std::string& path : {victim, link, dangling, pipe}) {
    EXPECT_TRUE(absl::IsAlreadyExists(CreateBundle(path).status())) << path;
  }
  EXPECT_NE(access(parent.File("none").c_str(), F_OK), 0);
}

TEST(SupportBundle, ArchiveThatCannotBeWrittenIsAnError) {
  const UniqueFd full(open("/dev/full", O_WRONLY | O_CLOEXEC));
  EXPECT_FALSE(WriteBundle(full.get(), "folder", {{"one.txt", {"echo", "hello"}}}).ok());
  EXPECT_FALSE(CreateBundle("/nonexistent/bundle").ok());
}

TEST(SupportBundle, PartsHaveNamesOfTheirOwnAndNoSecretFile) {
  std::set<std::string> names;
  for (const BundlePart& part : BundleParts("/p", "/c")) {
    EXPECT_TRUE(names.insert(part.name).second) << part.name;
    for (const std::string& word : part.command) {
      for (const char* secret : {"shadow", "environ", "machine-id", "userdata", "ssh"}) {
        EXPECT_FALSE(absl::StrContains(word, secret)) << word;
      }
    }
  }
}

// "systemctl status" of a scope or a slice shows them with their arguments, which may be secrets.
TEST(SupportBundle, UnitsOfGuestUsersProgramsAreLeftOut) {
  int patterns = 0;
  for (const BundlePart& part : BundleParts("/p", "/c")) {
    for (const std::string& word : part.command) {
      if (!absl::StrContains(word, '*')) continue;
      ++patterns;
      bool known = false;
      for (const char* kind : {".service", ".socket", ".path", ".target"}) {
        known = known || absl::EndsWith(word, absl::StrCat("toolboxd*", kind));
      }
      EXPECT_TRUE(known) << word;
    }
  }
  EXPECT_EQ(patterns, 8);
}

}  // namespace
}  // namespace toolboxd
