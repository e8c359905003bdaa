// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/support_bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/testing/short_temp_dir.h"
#include "base/testing/whole_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "toolboxctl/output.h"
#include "toolboxctl/program_output.h"

namespace {

// Whether a file system says so when a file that was written is closed: a network's whose quota is
// used up.
std::atomic<bool> g_full{false};

}  // namespace

// In place of libc's.
extern "C" int close(int fd) {
  struct stat st = {};
  const bool late = g_full && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
                    (fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY;
  const long closed = syscall(SYS_close, fd);
  if (!late || closed != 0) return static_cast<int>(closed);
  errno = EDQUOT;
  return -1;
}

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

TEST(SupportBundle, ExistingFileOrLinkIsNeitherWrittenNorFollowed) {
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

// "systemctl status" of the units in which they run shows them with their arguments, which may be
// secrets: scopes and slices, and the services of vixd where there is no scope.
TEST(SupportBundle, UnitsOfGuestUsersProgramsAreLeftOut) {
  int patterns = 0;
  for (const BundlePart& part : BundleParts("/p", "/c")) {
    for (const std::string& word : part.command) {
      if (!absl::StrContains(word, '*')) continue;
      ++patterns;
      const std::string pattern = word.substr(word.find('=') + 1);
      for (const char* unit :
           {"toolboxd-vixd@4-71-0.service", "toolboxd-vixd-login@4-71-0.service",
            "toolboxd-vixd-1001-1.scope", "toolboxd-programs-1001.slice", "user@1001.service"}) {
        EXPECT_NE(fnmatch(pattern.c_str(), unit, 0), 0) << pattern << " is " << unit;
      }
    }
  }
  EXPECT_EQ(patterns, 8);
}

// The text of other units could hold anything.
TEST(SupportBundle, NoTextOfUnitsIsIncluded) {
  int parts = 0;
  for (const BundlePart& part : BundleParts("/p", "/c")) {
    if (part.command[0] != "systemd-delta") continue;
    ++parts;
    EXPECT_THAT(part.command, testing::Contains("--diff=no"));
  }
  EXPECT_EQ(parts, 1);
}

class HostSupportBundleTest : public testing::Test {
 protected:
  int Make(const std::vector<BundlePart>& parts) {
    std::ofstream(options_.request) << "anything";
    return HostSupportBundle(
        options_, parts, [this](const std::string& request) -> absl::StatusOr<v1::SendRpciReply> {
          sent_.push_back(request);
          if (host_is_gone_) return absl::UnavailableError("no channel");
          return v1::SendRpciReply();
        });
  }
  std::set<std::string> Bundles() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(options_.folder)) {
      names.insert(entry.path().filename());
    }
    return names;
  }

  ShortTempDir requests_;
  ShortTempDir folder_;
  HostBundleOptions options_{.request = requests_.File("support-request"),
                             .folder = folder_.path() + "/"};
  bool host_is_gone_ = false;
  std::vector<std::string> sent_;
};

TEST_F(HostSupportBundleTest, HostHearsHowItGoesAndWhereItIs) {
  EXPECT_EQ(Make({{"one.txt", {"echo", "hello"}}}), 0);
  EXPECT_FALSE(std::filesystem::exists(options_.request));
  ASSERT_EQ(Bundles().size(), 1u);
  const std::string path = absl::StrCat(options_.folder, *Bundles().begin());
  EXPECT_EQ(sent_,
            (std::vector<std::string>{
                "tools.vmsupport.status 1", "tools.vmsupport.status 2", "tools.vmsupport.status 3",
                absl::StrCat("log toolbox: a support bundle is in the guest: ", path),
                "tools.vmsupport.status 0"}));
  struct stat info = {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(HostSupportBundleTest, FailureIsReported) {
  options_.folder = folder_.File("none/");
  EXPECT_EQ(Make({}), kExitFailed);
  EXPECT_EQ(sent_.back(), "tools.vmsupport.status 10");
}

TEST_F(HostSupportBundleTest, BundleOfWhichTheFileSystemSaysAtItsEndThatItDoesNotFitIsNone) {
  g_full = true;
  EXPECT_EQ(Make({{"one.txt", {"echo", "hello"}}}), kExitFailed);
  g_full = false;
  EXPECT_TRUE(Bundles().empty());
  EXPECT_EQ(sent_.back(), "tools.vmsupport.status 10");
}

TEST_F(HostSupportBundleTest, BundleIsMadeAlsoIfTheHostDoesNotListen) {
  host_is_gone_ = true;
  EXPECT_EQ(Make({}), 0);
  EXPECT_EQ(Bundles().size(), 1u);
}

TEST_F(HostSupportBundleTest, NewestThreeAreKept) {
  for (const char* name :
       {"toolboxd-support-20200101-000000.tar.gz", "toolboxd-support-20210101-000000.tar.gz",
        "toolboxd-support-20220101-000000.tar.gz"}) {
    std::ofstream(folder_.File(name)) << "x";
  }
  std::ofstream(folder_.File("of the administrator")) << "x";
  EXPECT_EQ(Make({}), 0);
  EXPECT_EQ(Bundles().size(), 4u);
  EXPECT_FALSE(Bundles().contains("toolboxd-support-20200101-000000.tar.gz"));
  EXPECT_TRUE(Bundles().contains("of the administrator"));
}

// R8 of tests/attacks/README.md: each run that was ended left one.
TEST_F(HostSupportBundleTest, BundlesOfRunsThatWereEndedDoNotAddUp) {
  for (int year = 2000; year < 2020; ++year) {
    std::ofstream(folder_.File(absl::StrCat("toolboxd-support-", year, "0101-000000.tar.gz")));
  }
  const std::string seen = requests_.File("seen");
  // While the bundle is made.
  EXPECT_EQ(Make({{"one.txt", {"sh", "-c", absl::StrCat("ls ", options_.folder, " >", seen)}}}), 0);
  const std::vector<std::string> names =
      absl::StrSplit(ReadWholeFile(seen), '\n', absl::SkipEmpty());
  EXPECT_EQ(names.size(), options_.kept);
}

}  // namespace
}  // namespace toolboxd
