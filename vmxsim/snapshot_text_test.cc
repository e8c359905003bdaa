// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/snapshot_text.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace toolboxd::vmxsim {
namespace {

std::string Line(SnapshotMessage::Kind kind, std::string text, absl::Duration after) {
  const absl::Time start = absl::UnixEpoch();
  return SnapshotLine({1, start + after, kind, std::move(text)}, start);
}

TEST(SnapshotText, LinesAreThoseOfTheTranscripts) {
  using Kind = SnapshotMessage::Kind;
  EXPECT_EQ(Line(Kind::kRequest, "vmbackup.start 1", absl::ZeroDuration()),
            "   0.000 RX   vmbackup.start 1");
  EXPECT_EQ(
      Line(Kind::kEvent, absl::StrCat("vmbackup.eventSet reset 0 ", absl::string_view("\0", 1)),
           absl::Seconds(1.5)),
      "   1.500 TX   vmbackup.eventSet reset 0 \\0");
  EXPECT_EQ(Line(Kind::kReply, "OK ", absl::Seconds(12)), "  12.000 RPLY OK ");
  EXPECT_EQ(Line(Kind::kEvent, "'a' \"b\" \x01", absl::ZeroDuration()),
            "   0.000 TX   'a' \"b\" \\x01");
  EXPECT_EQ(Line(Kind::kNote, "it rains", absl::ZeroDuration()), "   0.000      it rains");
}

SnapshotReport Failed() {
  SnapshotReport report;
  report.outcome = SnapshotOutcome::kFailed;
  report.errors = {{2, "Custom quiesce script failed."}, {5, "a \"quote\""}};
  report.events = {"reset", "req.error", "req.error", "req.done"};
  report.violations = {"a second reset"};
  report.done = absl::Milliseconds(1500);
  report.largest_gap = absl::Milliseconds(20);
  return report;
}

TEST(SnapshotText, ReportSaysWhatHappened) {
  EXPECT_EQ(SnapshotReportText(Failed()),
            "outcome: failed: 2 Custom quiesce script failed.; 5 a \\\"quote\\\"\n"
            "start to end: 1500.0 ms\n"
            "largest gap between events: 20.0 ms\n"
            "violation: a second reset\n");
  SnapshotReport good;
  good.outcome = SnapshotOutcome::kGood;
  good.commit = absl::Microseconds(12345);
  EXPECT_EQ(SnapshotReportText(good),
            "outcome: good\nstart to commit: 12.3 ms\nlargest gap between events: 0.0 ms\n");
}

TEST(SnapshotText, JsonHasTheSame) {
  EXPECT_EQ(SnapshotReportJson(Failed()),
            "{\"outcome\": \"failed\", \"errors\": [[2, \"Custom quiesce script failed.\"], "
            "[5, \"a \\u0022quote\\u0022\"]], "
            "\"events\": [\"reset\", \"req.error\", \"req.error\", \"req.done\"], "
            "\"violations\": [\"a second reset\"], \"commit\": null, \"done\": 1.500000, "
            "\"largest_gap\": 0.020000}\n");
}

}  // namespace
}  // namespace toolboxd::vmxsim
