// SPDX-License-Identifier: Apache-2.0

// The limits of transportd, of hgfsd and of their units fit together.

#include <cstdint>
#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "gtest/gtest.h"
#include "hgfsd/limits.h"
#include "transportd/hgfs/open_file.h"
#include "transportd/hgfs/session_table.h"
#include "transportd/sessions/session_channel.h"

namespace toolboxd::hgfs {
namespace {

// The value of DIRECTIVE=NUMBER in a unit, with a suffix M multiplied out; -1 if it has none.
int64_t Directive(const std::string& unit, const std::string& directive) {
  std::ifstream file(absl::StrCat("deploy/systemd/", unit));
  EXPECT_TRUE(file.is_open()) << unit;
  for (std::string line; std::getline(file, line);) {
    absl::string_view value = line;
    if (!absl::ConsumePrefix(&value, absl::StrCat(directive, "="))) continue;
    const int64_t unit_of_value = absl::ConsumeSuffix(&value, "M") ? 1 << 20 : 1;
    int64_t number = 0;
    return absl::SimpleAtoi(value, &number) ? number * unit_of_value : -1;
  }
  return -1;
}

constexpr const char* kUnits[] = {"toolboxd-hgfsd@.service", "toolboxd-hgfsd-login@.service"};

TEST(ServiceLimits, UnitsAllowTheTasksThatHgfsdMayHave) {
  for (const char* unit : kUnits) EXPECT_GE(Directive(unit, "TasksMax"), hgfsd::kMaxTasks) << unit;
}

// What a call may hold: the window of an upload or a chunk on its way, an archive's buffers.
TEST(ServiceLimits, UnitsAllowTheMemoryThatHgfsdMayHave) {
  constexpr int64_t kCall = 1 << 20;
  for (const char* unit : kUnits) {
    EXPECT_GE(Directive(unit, "MemoryMax"), hgfsd::kMaxCalls * kCall + (16 << 20)) << unit;
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
            Directive("toolboxd-transportd.service", "MemoryMax") / 2);
}

}  // namespace
}  // namespace toolboxd::hgfs
