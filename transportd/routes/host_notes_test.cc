// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/host_notes.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/version.h"
#include "gtest/gtest.h"
#include "transportd/rpc/testing/rpci_recorder.h"

namespace toolboxd {
namespace {

class HostNotesTest : public testing::Test {
 protected:
  const absl::Time now_ = absl::FromUnixSeconds(1000);
  RpciRecorder host_;
  HostNotes notes_{host_.Send()};
};

TEST_F(HostNotesTest, VariablesAreSetAfterEachRegistration) {
  notes_.OnRegistered(now_);
  ASSERT_EQ(host_.requests.size(), 5u);
  EXPECT_EQ(host_.requests[1], absl::StrCat("info-set guestinfo.vmtools.versionString ", kVersion,
                                            std::string(1, '\0')));
  EXPECT_TRUE(
      absl::StartsWith(host_.requests[0], "info-set guestinfo.vmtools.description toolboxd "));
  EXPECT_TRUE(absl::StartsWith(host_.requests[4], "log toolbox: Version: toolboxd "));
  host_.requests.clear();
  notes_.OnRegistered(now_);
  EXPECT_EQ(host_.requests.size(), 4u);
}

TEST_F(HostNotesTest, VersionIsThreeNumbers) {
  EXPECT_EQ(VersionNumber("13.1.0"), 13344);
  EXPECT_EQ(VersionNumber("1.2"), 0);
  EXPECT_EQ(VersionNumber("1.2.x"), 0);
  EXPECT_EQ(VersionNumber(""), 0);
  EXPECT_GT(VersionNumber(kVersion), 0);
}

TEST_F(HostNotesTest, LinesHaveALimitedRate) {
  for (int i = 0; i < 100; ++i) notes_.Say(absl::StrCat("line ", i), now_);
  EXPECT_EQ(host_.requests.size(), static_cast<size_t>(HostNotes::kBurst));
  notes_.Say("one more", now_ + HostNotes::kPace);
  notes_.Say("too many", now_ + HostNotes::kPace);
  EXPECT_EQ(host_.requests.size(), static_cast<size_t>(HostNotes::kBurst) + 1);
  for (int i = 0; i < 100; ++i) notes_.Say("later", now_ + absl::Hours(10));
  EXPECT_EQ(host_.requests.size(), static_cast<size_t>(HostNotes::kBurst) * 2 + 1);
}

TEST_F(HostNotesTest, LineIsShortAndPrintable) {
  notes_.Say(absl::StrCat("a\nb\xff", std::string(5000, 'x')), now_);
  EXPECT_TRUE(absl::StartsWith(host_.requests[0], "log toolbox: a?b?xxx"));
  EXPECT_LE(host_.requests[0].size(), HostNotes::kMaxLine + 20);
  EXPECT_EQ(host_.requests[0].back(), '\0');
}

TEST_F(HostNotesTest, HostThatRefusesALineGetsNoMoreBeforeItsReset) {
  host_.refused = {std::string("log toolbox: a\0", 15)};
  notes_.Say("a", now_);
  notes_.Say("b", now_);
  EXPECT_EQ(host_.requests.size(), 1u);
  notes_.OnReset();
  notes_.Say("b", now_);
  EXPECT_EQ(host_.requests.size(), 2u);
}

TEST_F(HostNotesTest, HostThatRefusesAVariableGetsNoFurtherOne) {
  host_.refused = {absl::StrCat("info-set guestinfo.vmtools.description toolboxd ", kVersion,
                                std::string(1, '\0'))};
  notes_.OnRegistered(now_);
  EXPECT_EQ(host_.requests.size(), 2u);
}

}  // namespace
}  // namespace toolboxd
