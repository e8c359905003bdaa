// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/directory_lister.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

v1::ListFilesRequest Request(const std::string& path, uint64_t skip = 0, uint32_t limit = 1000,
                             const std::string& pattern = "") {
  v1::ListFilesRequest request;
  request.set_path(path);
  request.set_skip(skip);
  request.set_limit(limit);
  request.set_pattern(pattern);
  return request;
}

std::vector<std::string> NamesOf(const v1::ListFilesReply& reply) {
  std::vector<std::string> names;
  for (const v1::FileInfo& info : reply.entries()) names.push_back(info.name());
  return names;
}

TEST(DirectoryLister, DotEntriesComeFirst) {
  TestDirectory dir;
  dir.File("a");
  DirectoryLister lister;
  absl::StatusOr<v1::ListFilesReply> reply = lister.List(Request(dir.path()));
  ASSERT_THAT(reply, IsOk());
  EXPECT_THAT(NamesOf(*reply), testing::ElementsAre(".", "..", "a"));
  EXPECT_EQ(reply->remaining(), 0u);
  EXPECT_EQ(reply->entries(0).type(), v1::DIRECTORY);
}

TEST(DirectoryLister, DescribesEntriesWithoutFollowingLinks) {
  TestDirectory dir;
  dir.File("file", "12345", 0640);
  dir.Link("link", "no/where");
  DirectoryLister lister;
  absl::StatusOr<v1::ListFilesReply> file = lister.List(Request(dir.path(), 0, 9, "^file$"));
  ASSERT_THAT(file, IsOk());
  ASSERT_EQ(file->entries_size(), 1);
  EXPECT_EQ(file->entries(0).size(), 5u);
  EXPECT_EQ(file->entries(0).mode(), S_IFREG | 0640u);
  absl::StatusOr<v1::ListFilesReply> link = lister.List(Request(dir.path(), 0, 9, "link"));
  ASSERT_EQ(link->entries_size(), 1);
  EXPECT_EQ(link->entries(0).type(), v1::SYMLINK);
  EXPECT_EQ(link->entries(0).symlink_target(), "no/where");
}

TEST(DirectoryLister, NamesOfAnyBytesAreListed) {
  TestDirectory dir;
  for (const char* name : {"a\nb", "q\"'<&>%", "\xff\xfe", " ", "\xe2\x82\xac"}) dir.File(name);
  DirectoryLister lister;
  EXPECT_THAT(NamesOf(*lister.List(Request(dir.path()))),
              testing::UnorderedElementsAre(".", "..", "a\nb", "q\"'<&>%", "\xff\xfe", " ",
                                            "\xe2\x82\xac"));
}

TEST(DirectoryLister, FileOrLinkIsAListOfOneWithTheWholePath) {
  TestDirectory dir;
  dir.Directory("d");
  const std::string file = dir.File("file");
  const std::string link = dir.Link("link", "d");
  DirectoryLister lister;
  EXPECT_THAT(NamesOf(*lister.List(Request(file))), testing::ElementsAre(file));
  EXPECT_THAT(NamesOf(*lister.List(Request(link))), testing::ElementsAre(link));
  EXPECT_THAT(NamesOf(*lister.List(Request(link + "/"))), testing::ElementsAre(".", ".."));
  EXPECT_EQ(lister.List(Request(file, 1))->entries_size(), 0);
  EXPECT_EQ(lister.List(Request(file, 0, 0))->remaining(), 1u);
  EXPECT_EQ(lister.List(Request(file, 0, 1, "other"))->entries_size(), 0);
}

TEST(DirectoryLister, PatternSelectsBeforeSkipAndLimit) {
  TestDirectory dir;
  for (const char* name : {"a1", "a2", "a3", "b1"}) dir.File(name);
  DirectoryLister lister;
  absl::StatusOr<v1::ListFilesReply> reply = lister.List(Request(dir.path(), 1, 1, "^a"));
  ASSERT_THAT(reply, IsOk());
  EXPECT_EQ(reply->entries_size(), 1);
  EXPECT_EQ(reply->remaining(), 1u);
}

TEST(DirectoryLister, LimitZeroCountsEntries) {
  TestDirectory dir;
  dir.File("a");
  DirectoryLister lister;
  absl::StatusOr<v1::ListFilesReply> reply = lister.List(Request(dir.path(), 0, 0));
  EXPECT_EQ(reply->entries_size(), 0);
  EXPECT_EQ(reply->remaining(), 3u);
  // And where it stopped is a place to continue from.
  EXPECT_EQ(lister.List(Request(dir.path(), 0, 9))->entries_size(), 3);
}

TEST(DirectoryLister, SkipBeyondTheEndReturnsNothing) {
  TestDirectory dir;
  DirectoryLister lister;
  absl::StatusOr<v1::ListFilesReply> reply = lister.List(Request(dir.path(), 99, 9));
  ASSERT_THAT(reply, IsOk());
  EXPECT_EQ(reply->entries_size(), 0);
  EXPECT_EQ(reply->remaining(), 0u);
}

TEST(DirectoryLister, ReportsWhyItFails) {
  TestDirectory dir;
  dir.Directory("locked", 0);
  DirectoryLister lister;
  EXPECT_THAT(lister.List(Request(dir / "none")), FailsWith(v1::NOT_FOUND));
  EXPECT_THAT(lister.List(Request(dir.File("f") + "/x")), FailsWith(v1::NOT_A_DIRECTORY));
  EXPECT_THAT(lister.List(Request("relative")), FailsWith(v1::INVALID_ARGUMENT));
  EXPECT_THAT(lister.List(Request(dir.path(), 0, 1, "(")), FailsWith(v1::INVALID_ARGUMENT));
  EXPECT_TRUE(absl::IsCancelled(lister.List(Request(dir.path()), [] { return true; }).status()));
  AsNobody(
      [&] { EXPECT_THAT(lister.List(Request(dir / "locked")), FailsWith(v1::ACCESS_DENIED)); });
}

// A hundred thousand entries, as a host pages through them: each follow-up starts where the
// last reply was cut off, which is before the page's end.
TEST(DirectoryLister, PagingReadsALargeDirectoryTwiceInAll) {
  constexpr int kFiles = 100000;
  TestDirectory dir("/dev/shm");
  const int fd = open(dir.path().c_str(), O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < kFiles; ++i) {
    ASSERT_EQ(mknodat(fd, absl::StrCat("f", i).c_str(), S_IFREG | 0600, 0), 0);
  }
  close(fd);

  DirectoryLister counting;
  ASSERT_EQ(counting.List(Request(dir.path(), 0, 0))->remaining(), kFiles + 2u);
  const int64_t once = counting.counts().directory_reads;

  DirectoryLister lister;
  std::set<std::string> names;
  uint64_t skip = 0;
  int pages = 0;
  while (true) {
    absl::StatusOr<v1::ListFilesReply> reply = lister.List(Request(dir.path(), skip, 1000000));
    ASSERT_THAT(reply, IsOk());
    if (reply->entries_size() == 0) break;
    ++pages;
    const int used = std::min(reply->entries_size(), 400);
    for (int i = 0; i < used; ++i) names.insert(reply->entries(i).name());
    skip += used;
    ASSERT_EQ(reply->remaining(), kFiles + 2u - (skip - used) - reply->entries_size());
  }
  EXPECT_EQ(names.size(), kFiles + 2u);
  EXPECT_EQ(skip, kFiles + 2u);
  // A page reads at least one buffer, which holds about two pages.
  EXPECT_LT(lister.counts().directory_reads, once + 2 * pages + 10);
  EXPECT_LT(lister.counts().entry_stats, int64_t{512} * (pages + 1));
}

// Links to long paths: 512 of them would be 2 MB.
TEST(DirectoryLister, PagesOfLongEntriesAreAsLargeAsAReplyToTheHost) {
  constexpr int kLinks = 100;
  TestDirectory dir;
  for (int i = 0; i < kLinks; ++i) {
    ASSERT_EQ(symlink(std::string(4000, 'x').c_str(), (dir / absl::StrCat("l", i)).c_str()), 0);
  }
  DirectoryLister lister;
  std::set<std::string> names;
  int pages = 0;
  for (uint64_t skip = 0; skip < kLinks + 2; ++pages) {
    absl::StatusOr<v1::ListFilesReply> reply = lister.List(Request(dir.path(), skip, 512));
    ASSERT_THAT(reply, IsOk());
    ASSERT_GT(reply->entries_size(), 0);
    EXPECT_LT(reply->ByteSizeLong(), kMaxPageBytes + 5000);
    for (const std::string& name : NamesOf(*reply)) names.insert(name);
    skip += reply->entries_size();
    EXPECT_EQ(reply->remaining(), kLinks + 2u - skip);
  }
  EXPECT_EQ(names.size(), kLinks + 2u);
  EXPECT_GT(pages, 5);
}

TEST(DirectoryLister, ChangedDirectoryIsCountedAgain) {
  TestDirectory dir;
  for (int i = 0; i < 10; ++i) dir.File(absl::StrCat("f", i));
  DirectoryLister lister;
  EXPECT_EQ(lister.List(Request(dir.path(), 0, 5))->remaining(), 7u);
  usleep(20000);  // Beyond the granularity of time stamps.
  dir.File("new");
  absl::StatusOr<v1::ListFilesReply> reply = lister.List(Request(dir.path(), 5, 5));
  EXPECT_EQ(reply->entries_size(), 5);
  EXPECT_EQ(reply->remaining(), 3u);
}

TEST(DirectoryLister, ListingsDoNotDisturbEachOther) {
  TestDirectory dir;
  for (int i = 0; i < 20; ++i) dir.File(absl::StrCat("f", i));
  DirectoryLister lister;
  std::set<std::string> a, b;
  for (int skip = 0; skip < 22; skip += 4) {
    for (const std::string& name : NamesOf(*lister.List(Request(dir.path(), skip, 4)))) {
      a.insert(name);
    }
    for (const std::string& name : NamesOf(*lister.List(Request(dir.path(), skip, 4, ".")))) {
      b.insert(name);
    }
  }
  EXPECT_EQ(a.size(), 22u);
  EXPECT_EQ(b.size(), 22u);
}

// Descriptors of this process that lead into the folder.
int Held(const std::string& folder) {
  int held = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    const std::string target = std::filesystem::read_symlink(entry, error);
    if (!error && absl::StartsWith(target, folder)) ++held;
  }
  return held;
}

TEST(DirectoryLister, DirectoryIsNotHeldAfterItsListing) {
  TestDirectory dir;
  for (int i = 0; i < 20; ++i) dir.File(absl::StrCat("f", i));
  DirectoryLister lister;
  EXPECT_EQ(lister.List(Request(dir.path(), 0, 512))->remaining(), 0u);
  EXPECT_EQ(Held(dir.path()), 0);
  for (int skip = 0; skip < 22; skip += 4) lister.List(Request(dir.path(), skip, 4)).IgnoreError();
  EXPECT_EQ(Held(dir.path()), 0);
}

TEST(DirectoryLister, DirectoryOfAListingThatIsNotContinuedIsHeldForSecondsOnly) {
  TestDirectory dir;
  for (int i = 0; i < 20; ++i) dir.File(absl::StrCat("f", i));
  DirectoryLister lister;
  for (int round = 0; round < 2; ++round) {
    EXPECT_GT(lister.List(Request(dir.path(), 0, 4))->remaining(), 0u);
    EXPECT_EQ(Held(dir.path()), 1);
    const absl::Time begin = absl::Now();
    while (Held(dir.path()) != 0 && absl::Now() < begin + 10 * DirectoryLister::kHoldTime) {
      absl::SleepFor(absl::Milliseconds(10));
    }
    EXPECT_EQ(Held(dir.path()), 0);
    EXPECT_GE(absl::Now() - begin, DirectoryLister::kHoldTime - absl::Milliseconds(20));
  }
}

TEST(DirectoryLister, EndsWhileADirectoryIsHeld) {
  TestDirectory dir;
  for (int i = 0; i < 20; ++i) dir.File(absl::StrCat("f", i));
  const absl::Time begin = absl::Now();
  {
    DirectoryLister lister;
    EXPECT_GT(lister.List(Request(dir.path(), 0, 4))->remaining(), 0u);
  }
  EXPECT_LT(absl::Now() - begin, DirectoryLister::kHoldTime);
}

}  // namespace
}  // namespace toolboxd::hgfsd
