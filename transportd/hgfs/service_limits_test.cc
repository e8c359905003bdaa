// SPDX-License-Identifier: Apache-2.0

// The limits of transportd, of hgfsd and of their units fit together.

#include <cstdint>

#include "gtest/gtest.h"
#include "hgfsd/limits.h"
#include "transportd/hgfs/open_file.h"
#include "transportd/hgfs/session_table.h"
#include "transportd/sessions/session_channel.h"
#include "transportd/testing/unit_directive.h"

namespace toolboxd::hgfs {
namespace {

using ::toolboxd::testing::UnitDirective;

constexpr const char* kUnits[] = {"toolboxd-hgfsd@.service", "toolboxd-hgfsd-login@.service"};

TEST(ServiceLimits, UnitsAllowTheTasksThatHgfsdMayHave) {
  for (const char* unit : kUnits)
    EXPECT_GE(UnitDirective(unit, "TasksMax"), hgfsd::kMaxTasks) << unit;
}

// What a call may hold: the window of an upload or a chunk on its way, an archive's buffers.
TEST(ServiceLimits, UnitsAllowTheMemoryThatHgfsdMayHave) {
  constexpr int64_t kCall = 1 << 20;
  for (const char* unit : kUnits) {
    EXPECT_GE(UnitDirective(unit, "MemoryMax"), hgfsd::kMaxCalls * kCall + (16 << 20)) << unit;
  }
}

// All files of a user are streams of one hgfsd; short calls must not wait for them.
TEST(ServiceLimits, AllHandlesOfAUserLeaveThreadsForCalls) {
  EXPECT_LE(SessionTable::kMaxHandlesPerUser + 16, static_cast<size_t>(hgfsd::kMaxCalls));
}

// A download that is not read: its window, the message that gRPC has taken from it, which may be
// larger than a chunk, the chunk that was taken in ahead, and what goes with them.
TEST(ServiceLimits, HandlesFitIntoTransportdsMemory) {
  static_assert(kReadChunkBytes + 100 < kMaxServiceMessageBytes);
  constexpr int64_t kDownload =
      kStreamWindowBytes + kMaxServiceMessageBytes + kReadChunkBytes + (16 << 10);
  EXPECT_LE(int64_t{SessionTable::kMaxHandles} * kDownload,
            UnitDirective("toolboxd-transportd.service", "MemoryMax") / 2);
}

}  // namespace
}  // namespace toolboxd::hgfs
