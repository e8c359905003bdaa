// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/snapshot_verb.h"

#include <gtest/gtest.h>

#include "absl/strings/match.h"

namespace toolboxd::vmxsim {
namespace {

TEST(SnapshotVerb, DefaultsAreAHostThatIsContent) {
  SnapshotOptions options;
  ASSERT_TRUE(ParseSnapshotOptions({}, options).ok());
  EXPECT_EQ(StartRequest(options).value_or(""), "vmbackup.start 1");
  EXPECT_EQ(options.hold, absl::ZeroDuration());
  EXPECT_EQ(options.abort_after, absl::InfiniteDuration());
  EXPECT_FALSE(options.silent);
}

TEST(SnapshotVerb, ReadsItsOptions) {
  SnapshotOptions options;
  ASSERT_TRUE(
      ParseSnapshotOptions({"--request=vmbackup.start 0\\x00", "--hold=2s", "--silent",
                            "--abort_at=req.keepAlive", "--abort_after=1.5", "--refuse=reset",
                            "--refuse=req.done", "--patience=3s", "--timeout=9s", "--json"},
                           options)
          .ok());
  EXPECT_EQ(StartRequest(options).value_or(""), std::string("vmbackup.start 0\0", 17));
  EXPECT_EQ(options.hold, absl::Seconds(2));
  EXPECT_TRUE(options.silent);
  EXPECT_EQ(options.abort_at, "req.keepAlive");
  EXPECT_EQ(options.abort_after, absl::Seconds(1.5));
  EXPECT_EQ(options.refused, (std::vector<std::string>{"reset", "req.done"}));
  EXPECT_EQ(options.patience, absl::Seconds(3));
  EXPECT_EQ(options.timeout, absl::Seconds(9));
  EXPECT_TRUE(options.json);
}

TEST(SnapshotVerb, ParametersAreDigitsOrAFile) {
  SnapshotOptions options;
  options.opts = "000000010000";
  EXPECT_EQ(StartRequest(options).value_or(""),
            std::string("vmbackup.startWithOpts \0\0\0\1\0\0", 29));
  options.opts = "@/no/such/file";
  EXPECT_TRUE(absl::StrContains(StartRequest(options).status().message(), "/no/such/file"));
  for (const char* wrong : {"0", "0g", "00 00"}) {
    options.opts = wrong;
    EXPECT_TRUE(absl::IsInvalidArgument(StartRequest(options).status())) << wrong;
  }
}

TEST(SnapshotVerb, ExplainsWrongUse) {
  SnapshotOptions options;
  EXPECT_EQ(ParseSnapshotOptions({"now"}, options).message(), "unexpected argument: now");
  EXPECT_EQ(ParseSnapshotOptions({"--hold=x"}, options).message(),
            "\"x\" is not a valid value of --hold");
  options.request = "\\q";
  EXPECT_TRUE(absl::IsInvalidArgument(StartRequest(options).status()));
}

TEST(SnapshotVerb, FindsTheEventOfALine) {
  EXPECT_EQ(EventOfLine("   0.001 TX   vmbackup.eventSet reset 0 \\0"), "reset");
  EXPECT_EQ(EventOfLine("   0.001 TX   vmbackup.eventSet"), "");
  EXPECT_EQ(EventOfLine("   0.000 RX   vmbackup.eventSet reset 0 "), "");
  EXPECT_EQ(EventOfLine("   0.000      refused: 0 Unknown event"), "");
  EXPECT_EQ(EventOfLine(""), "");
}

}  // namespace
}  // namespace toolboxd::vmxsim
