// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/snapshot.h"

#include <string>

#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

// With a socket that does not exist, so that a right command line fails with 1.
int StatusOf(const std::string& command, absl::Duration hold = absl::ZeroDuration()) {
  const ShortTempDir dir;
  return SnapshotMain({command, dir.File("snapshotd.sock"), dir.File("transportd.sock"), hold});
}

TEST(SnapshotCommand, KnownOnesAreTried) {
  EXPECT_EQ(StatusOf("plan"), 1);
  EXPECT_EQ(StatusOf("test"), 1);
}

TEST(SnapshotCommand, OtherWordsAreAWrongCommandLine) {
  EXPECT_EQ(StatusOf(""), 2);
  EXPECT_EQ(StatusOf("freeze"), 2);
}

TEST(SnapshotCommand, HoldIsLimited) {
  EXPECT_EQ(StatusOf("test", absl::Seconds(10)), 1);
  EXPECT_EQ(StatusOf("test", absl::Seconds(10) + absl::Milliseconds(1)), 2);
  EXPECT_EQ(StatusOf("test", absl::InfiniteDuration()), 2);
  EXPECT_EQ(StatusOf("test", absl::Milliseconds(-1)), 2);
}

}  // namespace
}  // namespace toolboxd
