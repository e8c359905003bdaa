// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/snapshot_host.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace toolboxd::vmxsim {
namespace {

using Texts = std::vector<std::string>;

class SnapshotHostTest : public testing::Test {
 protected:
  void Pass(double seconds) { now_ += absl::Seconds(seconds); }
  std::string Event(absl::string_view rest) {
    return host_.OnEvent(absl::StrCat("vmbackup.eventSet ", rest, absl::string_view("\0", 1)),
                         now_);
  }
  void Exchange(absl::string_view request, absl::string_view reply) {
    host_.OnRequest(request, now_);
    host_.OnReply(request, reply, now_);
  }
  // Up to the commit, which comes 0.2 s after the start.
  void Freeze() {
    host_.OnRequest("vmbackup.start 1", now_);
    EXPECT_EQ(Event("reset 0 "), "1 ");
    host_.OnReply("vmbackup.start 1", "OK ", now_);
    Pass(0.2);
    EXPECT_EQ(Event("prov.snapshotCommit 0 "), "1 ");
  }
  SnapshotReport Report() { return host_.Report(now_); }

  SnapshotHost host_;
  absl::Time now_ = absl::UnixEpoch();
};

TEST_F(SnapshotHostTest, CommitDoneAndEndAreAGoodSnapshot) {
  EXPECT_EQ(Report().outcome, SnapshotOutcome::kNone);
  Freeze();
  EXPECT_EQ(Report().outcome, SnapshotOutcome::kRunning);
  Pass(2.5);
  Event("req.keepAlive 0 ");
  Pass(1);
  Exchange("vmbackup.snapshotDone", "OK ");
  Event("req.genericManifest 0 /run/manifest.xml");
  Event("req.done 0 ");
  const SnapshotReport report = Report();
  EXPECT_EQ(report.outcome, SnapshotOutcome::kGood);
  EXPECT_EQ(report.violations, Texts());
  EXPECT_EQ(report.events, (Texts{"reset", "prov.snapshotCommit", "req.keepAlive",
                                  "req.genericManifest", "req.done"}));
  EXPECT_EQ(report.commit, absl::Seconds(0.2));
  EXPECT_EQ(report.done, absl::Seconds(3.7));
  EXPECT_EQ(report.largest_gap, absl::Seconds(2.5));
  Pass(100);
  EXPECT_EQ(Report().largest_gap, absl::Seconds(2.5));
}

TEST_F(SnapshotHostTest, ErrorsAreKeptInTheirOrder) {
  Freeze();
  Exchange("vmbackup.snapshotDone", "OK ");
  Event("req.error 2 Custom quiesce script failed.");
  Event("req.error 5 'VmBackupOnThaw' operation failed.");
  Event("req.done 0 ");
  EXPECT_EQ(Report().outcome, SnapshotOutcome::kFailed);
  EXPECT_EQ(Report().errors,
            (std::vector<std::pair<int, std::string>>{{2, "Custom quiesce script failed."},
                                                      {5, "'VmBackupOnThaw' operation failed."}}));
  EXPECT_EQ(Report().violations, Texts());
}

TEST_F(SnapshotHostTest, AbortIsTheOutcome) {
  Freeze();
  Exchange("vmbackup.abort", "OK ");
  Event("req.aborted 4 Quiesce canceled.");
  EXPECT_EQ(Report().outcome, SnapshotOutcome::kRunning);
  Event("req.done 0 ");
  EXPECT_EQ(Report().outcome, SnapshotOutcome::kAborted);
  EXPECT_EQ(Report().violations, Texts());
}

TEST_F(SnapshotHostTest, RefusedStartEndsTheSnapshot) {
  Exchange("vmbackup.start", "ERROR Error initializing quiesce operation.");
  EXPECT_EQ(Report().outcome, SnapshotOutcome::kRefused);
  EXPECT_EQ(Report().violations, Texts());
}

TEST_F(SnapshotHostTest, SecondStartChangesNothing) {
  Freeze();
  Exchange("vmbackup.start 1", "ERROR Quiesce operation already in progress.");
  EXPECT_EQ(Report().outcome, SnapshotOutcome::kRunning);
  EXPECT_EQ(Report().events.size(), 2u);
}

TEST_F(SnapshotHostTest, RefusedEventIsAnsweredWithAnErrorAndDoesNotCount) {
  host_.Refuse({"prov.snapshotCommit"});
  host_.OnRequest("vmbackup.start 1", now_);
  Event("reset 0 ");
  host_.OnReply("vmbackup.start 1", "OK ", now_);
  EXPECT_EQ(Event("prov.snapshotCommit 0 "), "0 Unknown event");
  EXPECT_EQ(Report().commit, absl::InfiniteDuration());
  Event("req.done 0 ");
  EXPECT_EQ(Report().outcome, SnapshotOutcome::kFailed);
  // The guest has said nothing of a reason, which it need not.
  EXPECT_EQ(Report().violations, Texts());
}

TEST_F(SnapshotHostTest, GuestThatKnowsOfNoSnapshotHasLostIt) {
  Freeze();
  host_.OnNote(kToolsStarted, now_);
  Exchange("vmbackup.abort", "ERROR Error: no quiesce operation in progress");
  EXPECT_EQ(Report().outcome, SnapshotOutcome::kLost);
  EXPECT_EQ(Report().violations, Texts());
}

TEST_F(SnapshotHostTest, SilenceIsAGapAndAViolation) {
  Freeze();
  Pass(5.001);
  EXPECT_EQ(Report().largest_gap, absl::Seconds(5.001));
  Event("req.keepAlive 0 ");
  EXPECT_EQ(Report().violations, (Texts{"5.001 s between prov.snapshotCommit and req.keepAlive"}));
  Pass(5);
  Event("req.keepAlive 0 ");
  EXPECT_EQ(Report().violations.size(), 1u);
}

TEST_F(SnapshotHostTest, EndWithoutASnapshotNeedsAReason) {
  Freeze();
  Event("req.done 0 ");
  EXPECT_EQ(Report().outcome, SnapshotOutcome::kFailed);
  EXPECT_EQ(Report().violations, (Texts{"req.done without a snapshot, and without a reason"}));
}

TEST_F(SnapshotHostTest, EventsOutsideOfASnapshotAreViolations) {
  EXPECT_EQ(Event("reset 0 "), "1 ");
  EXPECT_EQ(Report().violations, (Texts{"reset without a start"}));
  Freeze();
  Event("req.aborted 4 Quiesce canceled.");
  Event("req.done 0 ");
  Event("req.done 0 ");
  Event("req.keepAlive 0 ");
  EXPECT_EQ(Report().violations, (Texts{"req.done after the end", "req.keepAlive after the end"}));
  EXPECT_EQ(host_.violations(), 3u);
}

TEST_F(SnapshotHostTest, ResetComesFirstAndOnceAndBeforeTheReply) {
  Exchange("vmbackup.start 1", "OK ");
  Event("req.keepAlive 0 ");
  Event("reset 0 ");
  EXPECT_EQ(Report().violations, (Texts{"the start was answered before reset",
                                        "req.keepAlive before reset", "a second reset"}));
}

TEST_F(SnapshotHostTest, CommitComesOnce) {
  Freeze();
  Event("prov.snapshotCommit 0 ");
  EXPECT_EQ(Report().violations, (Texts{"a second prov.snapshotCommit"}));
}

TEST_F(SnapshotHostTest, MalformedEventsAreViolations) {
  host_.OnRequest("vmbackup.start 1", now_);
  EXPECT_EQ(host_.OnEvent("vmbackup.eventSet reset 0 ", now_), "1 ");
  EXPECT_EQ(Event("req.nonsense 0 "), "0 Unknown event");
  EXPECT_EQ(Event("req.done zero "), "0 Unknown event");
  EXPECT_EQ(Event("req.done"), "0 Unknown event");
  EXPECT_EQ(Report().violations,
            (Texts{"no NUL at the end of vmbackup.eventSet reset 0 ", "unknown event req.nonsense",
                   "not \"EVENT CODE TEXT\": vmbackup.eventSet req.done zero \\x00",
                   "not \"EVENT CODE TEXT\": vmbackup.eventSet req.done\\x00"}));
  EXPECT_EQ(Report().outcome, SnapshotOutcome::kRunning);
}

TEST_F(SnapshotHostTest, OtherMessagesAreNotKept) {
  Exchange("ping", "OK ");
  host_.OnNote("nothing", now_);
  EXPECT_EQ(host_.last_number(), 0u);
  Freeze();
  EXPECT_EQ(host_.last_number(), 4u);
  const std::vector<SnapshotMessage> rest = host_.Since(2);
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[0].kind, SnapshotMessage::Kind::kReply);
  EXPECT_EQ(rest[1].number, 4u);
}

TEST_F(SnapshotHostTest, OldMessagesAreForgotten) {
  for (size_t i = 0; i < SnapshotHost::kMaxMessages + 5; ++i) host_.OnRequest("vmbackup.x", now_);
  EXPECT_EQ(host_.Since(0).size(), SnapshotHost::kMaxMessages);
  EXPECT_EQ(host_.Since(0)[0].number, 6u);
}

}  // namespace
}  // namespace toolboxd::vmxsim
