// SPDX-License-Identifier: Apache-2.0

#include "freezer/list.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "freezer/testing/fake_kernel.h"
#include "freezer/testing/list_file.h"

namespace toolboxd::freezer {
namespace {

class ListTest : public testing::Test {
 protected:
  // What a freezer leaves that ends with these states, of the file systems 1, 2, …
  void Leave(std::initializer_list<State> states) {
    List list;
    ASSERT_EQ(list.Open(file_.path()), 0);
    ASSERT_EQ(list.Claim(0), 0);
    ASSERT_EQ(list.Begin(), 0);
    uint32_t number = 0;
    for (const State state : states) {
      ++number;
      ASSERT_EQ(list.Append(FakeKernel::Known(number), ("/" + std::to_string(number)).c_str()), 0);
      list.page()->states[number - 1] = state;
      kernel_.shared().frozen[number] = state == State::kFrozen;
    }
  }
  int Thaw() {
    List list;
    const int error = list.Open(file_.path());
    return error != 0 ? error : ThawLeftovers(kernel_, list, 0);
  }

  ListFile file_;
  FakeKernel kernel_;
};

TEST_F(ListTest, FileSystemsThatAnEarlierProcessLeftFrozenAreThawed) {
  Leave({State::kFrozen, State::kTrying, State::kFrozen});
  // FIFREEZE had succeeded when it was killed.
  kernel_.shared().frozen[2] = true;
  EXPECT_EQ(Thaw(), 0);
  EXPECT_EQ(kernel_.Frozen(), 0);
  EXPECT_EQ(kernel_.shared().thaws, 3);
  // The list is empty now.
  kernel_.shared().frozen[1] = true;
  EXPECT_EQ(Thaw(), 0);
  EXPECT_EQ(kernel_.Frozen(), 1);
}

TEST_F(ListTest, ProcessThatAnEarlierOneStoppedGoesOn) {
  Leave({State::kFrozen});
  List list;
  ASSERT_EQ(list.Open(file_.path()), 0);
  list.page()->stopped = 4711;
  EXPECT_EQ(Thaw(), 0);
  EXPECT_EQ(kernel_.shared().continued, 4711);
  EXPECT_EQ(Thaw(), 0);
  EXPECT_EQ(kernel_.shared().continued, 4711);
}

TEST_F(ListTest, FileSystemsThatOthersFrozeAreNotThawed) {
  Leave({State::kUntouched, State::kThawed, State::kFrozen});
  kernel_.shared().frozen[1] = true;
  kernel_.shared().frozen[2] = true;
  EXPECT_EQ(Thaw(), 0);
  EXPECT_TRUE(kernel_.shared().frozen[1]);
  EXPECT_TRUE(kernel_.shared().frozen[2]);
  EXPECT_FALSE(kernel_.shared().frozen[3]);
}

TEST_F(ListTest, FreezeThatDidNotSucceedIsNotAnError) {
  Leave({State::kTrying});
  EXPECT_EQ(Thaw(), 0);
}

TEST_F(ListTest, MissingFileSystemIsNotAnError) {
  Leave({State::kFrozen, State::kFrozen});
  List list;
  ASSERT_EQ(list.Open(file_.path()), 0);
  ASSERT_EQ(list.Claim(0), 0);
  ASSERT_EQ(list.Begin(), 0);
  ASSERT_EQ(list.Append(FakeKernel::Known(1), "/none"), 0);
  ASSERT_EQ(list.Append(FakeKernel::Known(1), "/2"), 0);
  list.page()->states[0] = list.page()->states[1] = State::kFrozen;
  list.Release();
  EXPECT_EQ(Thaw(), 0);
  EXPECT_EQ(kernel_.shared().thaws, 0);
}

TEST_F(ListTest, FailedThawStaysOnTheList) {
  Leave({State::kFrozen, State::kFrozen});
  kernel_.shared().thaw_error[2] = EIO;
  EXPECT_EQ(Thaw(), EIO);
  EXPECT_EQ(kernel_.Frozen(), 1);
  EXPECT_EQ(Thaw(), 0);
  EXPECT_EQ(kernel_.Frozen(), 0);
}

TEST_F(ListTest, LockedListIsLeftAlone) {
  Leave({State::kFrozen});
  List list;
  ASSERT_EQ(list.Open(file_.path()), 0);
  ASSERT_EQ(list.Claim(0), 0);
  EXPECT_EQ(Thaw(), EBUSY);
  EXPECT_EQ(kernel_.Frozen(), 1);
}

TEST_F(ListTest, TruncatedListThawsWhatItHas) {
  Leave({State::kFrozen, State::kFrozen});
  struct stat status;
  ASSERT_EQ(stat(file_.path(), &status), 0);
  for (off_t size = status.st_size - 1; size > static_cast<off_t>(kPageSize); --size) {
    SCOPED_TRACE(size);
    Leave({State::kFrozen, State::kFrozen});
    ASSERT_EQ(truncate(file_.path(), size), 0);
    EXPECT_EQ(Thaw(), EBADMSG);
    EXPECT_EQ(kernel_.Frozen(), size >= static_cast<off_t>(kPageSize) + 27 ? 1 : 2);
  }
  ASSERT_EQ(truncate(file_.path(), 1), 0);
  EXPECT_EQ(Thaw(), 0);
}

TEST_F(ListTest, OtherFilesAreIgnored) {
  std::ofstream(file_.path()) << std::string(3 * kPageSize, 'x');
  EXPECT_EQ(Thaw(), 0);
  EXPECT_EQ(kernel_.shared().thaws, 0);
}

TEST_F(ListTest, FileIsPrivate) {
  List list;
  ASSERT_EQ(list.Open(file_.path()), 0);
  struct stat status;
  ASSERT_EQ(stat(file_.path(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600u);
}

TEST_F(ListTest, OtherFileSystemsAreRefused) {
  List list;
  EXPECT_EQ(list.Open("/proc/self/comm"), ENOTSUP);
  EXPECT_EQ(list.Open("/dev/shm"), EISDIR);
}

TEST_F(ListTest, LinkIsNotFollowed) {
  ASSERT_EQ(symlink("/dev/shm/freezer-test-target", file_.path()), 0);
  List list;
  EXPECT_EQ(list.Open(file_.path()), ELOOP);
}

}  // namespace
}  // namespace toolboxd::freezer
