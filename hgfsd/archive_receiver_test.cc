// SPDX-License-Identifier: Apache-2.0

// Archives that arrive in pieces: errors, refusals and ends.

#include "hgfsd/archive_receiver.h"

#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/testing/small_file_system.h"
#include "gtest/gtest.h"
#include "hgfsd/testing/archives.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

TEST(ArchiveReceiver, UnpacksWhatIsWritten) {
  TestDirectory from, to;
  for (int i = 0; i < 20; ++i) from.File(absl::StrCat("f", i), std::string(100000, 'a' + i));
  absl::StatusOr<std::string> archive = Pack(from.path());
  ContentPath content;
  content.path = to / "made/on the way";
  auto receiver = ArchiveReceiver::Open(content);
  ASSERT_THAT(receiver, IsOk());
  for (size_t i = 0; i < archive->size(); i += 60000) {
    ASSERT_THAT((*receiver)->Write(i, absl::string_view(*archive).substr(i, 60000)), IsOk());
  }
  // What follows the archive's end is discarded.
  EXPECT_THAT((*receiver)->Write((*receiver)->position(), kTrailer), IsOk());
  EXPECT_THAT((*receiver)->Commit(), IsOk());
  EXPECT_EQ(ModeOf(to / "made"), 0750u);
  EXPECT_EQ(Names(to / "made/on the way").size(), 20u);
  EXPECT_EQ(ReadFile(to / "made/on the way/f7"), std::string(100000, 'h'));
}

TEST(ArchiveReceiver, ReportsErrorsAtTheNextWriteOrAtCommit) {
  TestDirectory dir;
  ContentPath content;
  content.path = dir.path();
  {
    auto receiver = ArchiveReceiver::Open(content);
    absl::Status status;
    for (int i = 0; i < 1000 && status.ok(); ++i) {
      status = (*receiver)->Write((*receiver)->position(), std::string(4096, 'x'));
      usleep(100);
    }
    EXPECT_THAT(status, FailsWith(v1::INVALID_ARGUMENT));
    EXPECT_THAT((*receiver)->Commit(), FailsWith(v1::INVALID_ARGUMENT));
  }
  {
    auto receiver = ArchiveReceiver::Open(content);
    EXPECT_THAT((*receiver)->Write(0, "short"), IsOk());
    EXPECT_THAT((*receiver)->Commit(), FailsWith(v1::INVALID_ARGUMENT));
  }
  {
    auto receiver = ArchiveReceiver::Open(content);
    EXPECT_THAT((*receiver)->Write(5, "x"), FailsWith(v1::INVALID_ARGUMENT));
  }
  content.path = dir.File("file");
  EXPECT_THAT(ArchiveReceiver::Open(content), FailsWith(v1::NOT_A_DIRECTORY));
}

TEST(ArchiveReceiver, OpenIsBusyWithoutAThread) {
  TestDirectory dir;
  chmod(dir.path().c_str(), 0777);
  AsNobody([&] {
    NoMoreThreads();
    ContentPath content;
    content.path = dir.path();
    EXPECT_THAT(ArchiveReceiver::Open(content), FailsWith(v1::BUSY));
    content.path = dir / "new/directory";
    EXPECT_THAT(ArchiveReceiver::Open(content), FailsWith(v1::BUSY));
    EXPECT_TRUE(Names(dir.path()).empty());
  });
}

TEST(ArchiveReceiver, OpenMakesNothingOnADiskWithoutFreeInodes) {
  TestDirectory dir;
  SmallFileSystem disk(dir.path(), "nr_inodes=3");
  ContentPath content;
  content.path = dir / "a/b/c";
  EXPECT_THAT(ArchiveReceiver::Open(content), FailsWith(v1::NO_SPACE));
  EXPECT_TRUE(Names(dir.path()).empty());
}

TEST(ArchiveReceiver, EndsAtOnceWithoutCommit) {
  TestDirectory dir;
  ContentPath content;
  content.path = dir.path();
  auto receiver = ArchiveReceiver::Open(content);
  const std::string archive = MakeTar({{.name = "a", .content = std::string(100000, 'a')}});
  EXPECT_THAT((*receiver)->Write(0, archive.substr(0, 50000)), IsOk());
  receiver->reset();
  EXPECT_TRUE(Names(dir.path()).empty());
}

}  // namespace
}  // namespace toolboxd::hgfsd
