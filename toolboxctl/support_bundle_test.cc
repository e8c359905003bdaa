// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/support_bundle.h"

#include <sys/stat.h>

#include <set>
#include <string>

#include "absl/strings/match.h"
#include "base/testing/short_temp_dir.h"
#include "base/testing/whole_file.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(SupportBundle, FilesAreWhatProgramsPrintAndAreListed) {
  ShortTempDir parent;
  const auto folder = WriteBundle(
      parent.File(""), {{"one.txt", {"echo", "hello"}}, {"two.txt", {"no-such-program"}}});
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_EQ(ReadWholeFile(*folder + "/one.txt"), "hello\n");
  const std::string content = ReadWholeFile(*folder + "/CONTENT");
  EXPECT_TRUE(absl::StrContains(content, "one.txt  6 bytes of: echo hello")) << content;
  EXPECT_TRUE(absl::StrContains(content, "two.txt  missing")) << content;
  struct stat info = {};
  ASSERT_EQ(stat(folder->c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_EQ(stat((*folder + "/one.txt").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
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

TEST(SupportBundle, FolderThatCannotBeMadeIsAnError) {
  EXPECT_FALSE(WriteBundle("/nonexistent", {}).ok());
}

}  // namespace
}  // namespace toolboxd
