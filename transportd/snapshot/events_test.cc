// SPDX-License-Identifier: Apache-2.0

#include "transportd/snapshot/events.h"

#include "gtest/gtest.h"

namespace toolboxd::snapshot {
namespace {

using std::string_literals::operator""s;

std::vector<std::string> OfFailure(v1::QuiesceFailure::Kind kind) {
  v1::QuiesceUpdate update;
  update.mutable_failure()->set_kind(kind);
  update.mutable_failure()->set_message("for the log only");
  std::vector<std::string> requests;
  for (const Event& event : EventsOf(update)) requests.push_back(Encode(event));
  return requests;
}

using Requests = std::vector<std::string>;

TEST(SnapshotEvents, EndWithANul) {
  EXPECT_EQ(Encode({kResetEvent, EventCode::kSuccess, ""}), "vmbackup.eventSet reset 0 \0"s);
  EXPECT_EQ(Encode({kKeepAliveEvent, EventCode::kSuccess, ""}),
            "vmbackup.eventSet req.keepAlive 0 \0"s);
  EXPECT_EQ(Encode(AbortedEvent()), "vmbackup.eventSet req.aborted 4 Quiesce canceled.\0"s);
}

TEST(SnapshotEvents, FailuresHaveVmtoolsdsCodesAndTexts) {
  EXPECT_EQ(OfFailure(v1::QuiesceFailure::FREEZE_SCRIPT_FAILED),
            (Requests{"vmbackup.eventSet req.error 2 Custom quiesce script failed.\0"s,
                      "vmbackup.eventSet req.error 5 'VmBackupOnFreeze' operation failed.\0"s}));
  EXPECT_EQ(OfFailure(v1::QuiesceFailure::THAW_SCRIPT_FAILED),
            (Requests{"vmbackup.eventSet req.error 2 Custom quiesce script failed.\0"s,
                      "vmbackup.eventSet req.error 5 'VmBackupOnThaw' operation failed.\0"s}));
  EXPECT_EQ(
      OfFailure(v1::QuiesceFailure::SCRIPTS_NOT_STARTED),
      (Requests{"vmbackup.eventSet req.error 2 Error when starting custom quiesce scripts.\0"s}));
  EXPECT_EQ(OfFailure(v1::QuiesceFailure::FREEZE_FAILED),
            (Requests{"vmbackup.eventSet req.error 3 Error when enabling the sync provider.\0"s}));
  EXPECT_EQ(OfFailure(v1::QuiesceFailure::THAW_FAILED),
            (Requests{"vmbackup.eventSet req.error 3 Error when notifying the sync provider.\0"s}));
  EXPECT_EQ(OfFailure(v1::QuiesceFailure::ABORTED),
            (Requests{"vmbackup.eventSet req.aborted 4 Quiesce canceled.\0"s}));
  EXPECT_EQ(OfFailure(v1::QuiesceFailure::ABORTED_NOT_THAWED),
            (Requests{"vmbackup.eventSet req.aborted 4 Quiesce could not be canceled.\0"s}));
}

TEST(SnapshotEvents, FailureOfAnUnknownKindIsAnAbort) {
  EXPECT_EQ(OfFailure(static_cast<v1::QuiesceFailure::Kind>(99)),
            (Requests{"vmbackup.eventSet req.aborted 4 Quiesce canceled.\0"s}));
}

TEST(SnapshotEvents, StepsHaveTheirEvents) {
  v1::QuiesceUpdate update;
  EXPECT_TRUE(EventsOf(update).empty());
  update.mutable_ready();
  EXPECT_TRUE(EventsOf(update).empty());
  update.mutable_frozen();
  EXPECT_EQ(EventsOf(update), (std::vector<Event>{{kCommitEvent, EventCode::kSuccess, ""}}));
  update.mutable_thawed();
  EXPECT_TRUE(EventsOf(update).empty());
  update.mutable_manifest()->set_path("/run/x.xml");
  EXPECT_EQ(Encode(EventsOf(update).at(0)),
            "vmbackup.eventSet req.genericManifest 0 /run/x.xml\0"s);
  update.mutable_done();
  EXPECT_EQ(Encode(EventsOf(update).at(0)), "vmbackup.eventSet req.done 0 \0"s);
}

}  // namespace
}  // namespace toolboxd::snapshot
