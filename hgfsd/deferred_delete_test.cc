// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/deferred_delete.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gtest/gtest.h"
#include "hgfsd/fs/find.h"
#include "hgfsd/testing/test_files.h"

namespace toolboxd::hgfsd {
namespace {

absl::Status Delete(DeferredDeleter& deleter, const std::string& path,
                    const CancelCheck& cancelled = nullptr) {
  absl::StatusOr<Entry> tree = FindExisting(path, FinalLink::kKeep);
  if (!tree.ok()) return tree.status();
  return deleter.Delete(*std::move(tree), cancelled);
}

TEST(DeferredDelete, RefusesMountPointsAndTheRoot) {
  DeferredDeleter deleter(absl::InfiniteDuration());
  EXPECT_THAT(Delete(deleter, "/"), FailsWith(v1::BUSY));
  EXPECT_THAT(Delete(deleter, "/proc"), FailsWith(v1::BUSY));
}

TEST(DeferredDelete, SmallTreesAreGoneWhenDeleteReturns) {
  TestDirectory dir;
  dir.Directory("tree");
  dir.File("tree/file");
  DeferredDeleter deleter(absl::InfiniteDuration());
  EXPECT_THAT(Delete(deleter, dir / "tree"), IsOk());
  EXPECT_TRUE(Names(dir.path()).empty());
}

TEST(DeferredDelete, LargeTreesFreeTheirNameAtOnceAndAreRemovedLater) {
  TestDirectory dir;
  dir.Directory("tree");
  for (int i = 0; i < 2000; ++i) dir.File(absl::StrCat("tree/", i));
  {
    DeferredDeleter deleter(absl::ZeroDuration());
    EXPECT_THAT(Delete(deleter, dir / "tree"), IsOk());
    EXPECT_FALSE(Exists(dir / "tree"));
  }
  EXPECT_TRUE(Names(dir.path()).empty());
}

// SlowServices::kSlow and kBesideOthers of transportd, which no process but that one may include.
TEST(DeferredDelete, AnswersBeforeTransportdCountsItAsSlowOrTakesItForOneThatHangs) {
  EXPECT_LT(DeferredDeleter::kPatience, absl::Milliseconds(500));
  EXPECT_LT(DeferredDeleter::kPatience, absl::Milliseconds(900));
}

// Removals that never end must not have callers wait without an end: transportd would take the
// process for one that hangs.
TEST(DeferredDelete, FullQueueIsBusyInTimeAndChangesNothing) {
  TestDirectory dir;
  for (size_t i = 0; i <= DeferredDeleter::kMaxJobs; ++i) dir.Directory(absl::StrCat("tree", i));
  absl::Notification go_on;
  DeferredDeleter deleter(absl::Milliseconds(1),
                          [&](int parent, const std::string& name, const struct stat& held,
                              const CancelCheck& cancelled) {
                            go_on.WaitForNotification();
                            return RemoveTree(parent, name, held, cancelled);
                          });
  for (size_t i = 0; i < DeferredDeleter::kMaxJobs; ++i) {
    EXPECT_THAT(Delete(deleter, dir / absl::StrCat("tree", i)), IsOk());
  }
  const std::string last = dir / absl::StrCat("tree", DeferredDeleter::kMaxJobs);
  EXPECT_THAT(Delete(deleter, last), FailsWith(v1::BUSY));
  EXPECT_TRUE(Exists(last));
  go_on.Notify();
  while (!Delete(deleter, last).ok()) {
  }
}

// Whoever may rename a directory of root's in a directory of their own may give it such a name.
TEST(DeferredDelete, NameAloneDoesNotMakeATreeHidden) {
  TestDirectory dir;
  dir.Directory(".toolboxd-deleted-0000000000000001");
  dir.File(".toolboxd-deleted-0000000000000001/file");
  dir.Directory("tree");
  {
    DeferredDeleter deleter(absl::InfiniteDuration());
    EXPECT_THAT(Delete(deleter, dir / "tree"), IsOk());
  }
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre(".toolboxd-deleted-0000000000000001"));
}

TEST(DeferredDelete, DirectoryThatWasReplacedStays) {
  TestDirectory dir;
  dir.Directory("tree");
  dir.Directory("audit");
  dir.File("audit/log", "precious");
  absl::StatusOr<Entry> tree = FindExisting(dir / "tree", FinalLink::kKeep);
  ExchangeNames(dir / "tree", dir / "audit");
  DeferredDeleter deleter(absl::InfiniteDuration());
  EXPECT_THAT(deleter.Delete(*std::move(tree), nullptr), FailsWith(v1::BUSY));
  EXPECT_EQ(ReadFile(dir / "tree/log"), "precious");
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("audit", "tree"));
}

TEST(DeferredDelete, TreeThatCannotBeRemovedKeepsItsName) {
  TestDirectory dir;
  chmod(dir.path().c_str(), 0777);
  AsNobody([&] { dir.Directory("tree"); });
  dir.Directory("tree/root_owned");
  dir.File("tree/root_owned/file");
  AsNobody([&] {
    DeferredDeleter deleter(absl::InfiniteDuration());
    EXPECT_THAT(Delete(deleter, dir / "tree"), FailsWith(v1::ACCESS_DENIED));
  });
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("tree"));
}

TEST(DeferredDelete, TreeThatCannotBeRemovedAfterTheReplyStaysHiddenAndIsLogged) {
  TestDirectory dir;
  chmod(dir.path().c_str(), 0777);
  AsNobody([&] { dir.Directory("tree"); });
  dir.Directory("tree/root_owned");
  dir.File("tree/root_owned/file");
  const std::string log = dir.File("log", "", 0666);
  AsNobody([&] {
    // Many files, so that Delete returns before they are removed.
    for (int i = 0; i < 2000; ++i) dir.File(absl::StrCat("tree/", i));
    const int fd = open(log.c_str(), O_WRONLY | O_APPEND);
    ASSERT_EQ(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    DeferredDeleter deleter(absl::ZeroDuration());
    EXPECT_THAT(Delete(deleter, dir / "tree"), IsOk());
  });
  EXPECT_THAT(Names(dir.path()),
              testing::ElementsAre(testing::StartsWith(".toolboxd-deleted-"), "log"));
  const std::string text = ReadFile(log);
  EXPECT_THAT(text, testing::HasSubstr(dir / "tree"));
  EXPECT_THAT(text, testing::HasSubstr(Names(dir.path())[0]));
  EXPECT_THAT(text, testing::HasSubstr("Permission denied"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(DeferredDelete, CancelledDeleteDoesNothing) {
  TestDirectory dir;
  dir.Directory("tree");
  DeferredDeleter deleter(absl::InfiniteDuration());
  EXPECT_TRUE(absl::IsCancelled(Delete(deleter, dir / "tree", [] { return true; })));
  EXPECT_THAT(Names(dir.path()), testing::ElementsAre("tree"));
}

TEST(DeferredDelete, MissingThreadIsBusyAndChangesNothing) {
  TestDirectory dir;
  chmod(dir.path().c_str(), 0777);
  AsNobody([&] {
    dir.Directory("tree");
    dir.File("tree/file");
    DeferredDeleter deleter(absl::InfiniteDuration());
    NoMoreThreads();
    EXPECT_THAT(Delete(deleter, dir / "tree"), FailsWith(v1::BUSY));
    EXPECT_TRUE(Exists(dir / "tree/file"));
  });
}

TEST(DeferredDelete, WithoutWriteAccessToTheParentNothingChanges) {
  TestDirectory dir;
  const std::string tree = dir.Directory("tree");
  ASSERT_EQ(chown(tree.c_str(), 65534, 65534), 0);
  AsNobody([&] {
    dir.File("tree/file");
    DeferredDeleter deleter(absl::InfiniteDuration());
    EXPECT_THAT(Delete(deleter, tree), FailsWith(v1::ACCESS_DENIED));
    EXPECT_TRUE(Exists(dir / "tree/file"));
  });
}

}  // namespace
}  // namespace toolboxd::hgfsd
