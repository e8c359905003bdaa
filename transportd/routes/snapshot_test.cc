// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/snapshot.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "transportd/routes/testing/snapshot_guest.h"
#include "transportd/wire/testing/test_data.h"

namespace toolboxd {
namespace {

using std::string_literals::operator""s;
using Failure = v1::QuiesceFailure;
using Lines = std::vector<std::string>;

constexpr char kOk[] = "OK ";
constexpr char kInProgress[] = "ERROR Quiesce operation already in progress.";
constexpr char kNotStarted[] = "ERROR Error initializing quiesce operation.";
constexpr char kNotInProgress[] = "ERROR Error: no quiesce operation in progress";
constexpr char kUnexpectedDone[] = "ERROR Error: unexpected state for quiesce done message.";
constexpr char kManifestPath[] = "/run/toolboxd/quiesce_manifest.xml";

const auto kReset = SnapshotEvent("reset 0 ");
const auto kCommit = SnapshotEvent("prov.snapshotCommit 0 ");
const auto kKeepAlive = SnapshotEvent("req.keepAlive 0 ");
const auto kAborted = SnapshotEvent("req.aborted 4 Quiesce canceled.");
const auto kDone = SnapshotEvent("req.done 0 ");
const auto kScript = SnapshotEvent("req.error 2 Custom quiesce script failed.");

class SnapshotTest : public testing::Test {
 protected:
  // Up to the state, with the events until then forgotten.
  enum class State { kIdle, kFreezing, kFrozen, kThawing, kEnding };
  void BringTo(SnapshotGuest& guest, State state) {
    if (state == State::kIdle) return;
    EXPECT_EQ(guest.Send("vmbackup.start 1"), kOk);
    if (state != State::kFreezing) guest.quiescer.Frozen();
    if (state == State::kThawing) {
      EXPECT_EQ(guest.Send("vmbackup.snapshotDone"), kOk);
    }
    if (state == State::kEnding) {
      EXPECT_EQ(guest.Send("vmbackup.abort"), kOk);
    }
    guest.Events();
    guest.Steps();
  }

  SnapshotGuest guest_;
};

TEST_F(SnapshotTest, SuccessHasVmtoolsdsTranscript) {
  EXPECT_EQ(guest_.Send("vmbackup.start 1"), kOk);
  EXPECT_EQ(guest_.Events(), (Lines{kReset}));
  EXPECT_EQ(guest_.Steps(), (Lines{"begin", "proceed"}));
  guest_.quiescer.Frozen();
  EXPECT_EQ(guest_.Events(), (Lines{kCommit}));
  guest_.timers.Advance(absl::Seconds(5));
  EXPECT_EQ(guest_.Events(), (Lines{kKeepAlive, kKeepAlive}));
  EXPECT_EQ(guest_.Send("vmbackup.snapshotDone"), kOk);
  EXPECT_EQ(guest_.Steps(), (Lines{"done"}));
  guest_.quiescer.Thawed();
  EXPECT_TRUE(guest_.Events().empty());
  guest_.quiescer.Manifest(kManifestPath);
  EXPECT_EQ(guest_.Events(),
            (Lines{SnapshotEvent(absl::StrCat("req.genericManifest 0 ", kManifestPath))}));
  guest_.quiescer.Done();
  EXPECT_EQ(guest_.Events(), (Lines{kDone}));
  guest_.timers.Advance(absl::Hours(1));
  EXPECT_TRUE(guest_.Events().empty());
  EXPECT_EQ(guest_.Send("vmbackup.start 0"), kOk);
}

TEST_F(SnapshotTest, NothingBeginsBeforeTheHostHasTheReply) {
  const TcloReply start = guest_.router.Dispatch("vmbackup.start 1");
  EXPECT_EQ(guest_.Steps(), (Lines{"begin"}));
  start.after_reply();
  EXPECT_EQ(guest_.Steps(), (Lines{"proceed"}));
  guest_.quiescer.Frozen();
  const TcloReply done = guest_.router.Dispatch("vmbackup.snapshotDone");
  EXPECT_TRUE(guest_.Steps().empty());
  done.after_reply();
  EXPECT_EQ(guest_.Steps(), (Lines{"done"}));
  const TcloReply abort = guest_.router.Dispatch("vmbackup.abort");
  EXPECT_TRUE(guest_.Steps().empty());
  abort.after_reply();
  EXPECT_EQ(guest_.Steps(), (Lines{"abort"}));
}

TEST_F(SnapshotTest, OptionsReachSnapshotd) {
  const std::string v1 = wire::ReadTestData("transportd/snapshot/testdata/start_v1");
  EXPECT_EQ(guest_.Send("vmbackup.startWithOpts " + v1), kOk);
  const v1::QuiesceStart& start = guest_.quiescer.start;
  EXPECT_TRUE(start.has_freeze_file_systems() && start.freeze_file_systems());
  EXPECT_TRUE(start.has_run_scripts() && start.run_scripts());
  EXPECT_EQ(start.script_argument(), "nightly");
  EXPECT_EQ(start.time_limit(), 900u);
  EXPECT_TRUE(start.create_manifest());
  EXPECT_EQ(start.product_version(), 2147483647u);
  SnapshotGuest other;
  EXPECT_EQ(other.Send("vmbackup.start 0 6000C29a"), kOk);
  EXPECT_FALSE(other.quiescer.start.has_freeze_file_systems());
  EXPECT_FALSE(other.quiescer.start.has_run_scripts());
  EXPECT_FALSE(other.quiescer.start.create_manifest());
}

TEST_F(SnapshotTest, RequestsThatCannotBeServedAreRefusedWithoutAnEvent) {
  const auto read = [](const std::string& name) {
    return "vmbackup.startWithOpts " + wire::ReadTestData("transportd/snapshot/testdata/" + name);
  };
  EXPECT_EQ(guest_.Send(read("start_v2")), "ERROR Incompatible quiesce parameter version");
  EXPECT_EQ(guest_.Send("vmbackup.startWithOpts"), "ERROR XDR deserialization failed.");
  EXPECT_EQ(guest_.Send(read("start_v1") + "\0"s), "ERROR XDR deserialization failed.");
  // Neither file systems nor scripts.
  EXPECT_EQ(guest_.Send(read("start_v1_null")), kNotStarted);
  EXPECT_EQ(guest_.Send("vmbackup.start"), kNotStarted);
  EXPECT_TRUE(guest_.Steps().empty());
  for (const absl::Status& status :
       {absl::UnavailableError("snapshotd is not there"), absl::DeadlineExceededError("hangs"),
        absl::InvalidArgumentError("neither file systems nor scripts")}) {
    guest_.quiescer.begin_status = status;
    EXPECT_EQ(guest_.Send("vmbackup.start 1"), kNotStarted);
    EXPECT_EQ(guest_.Send("vmbackup.abort"), kNotInProgress);
  }
  // `toolboxctl snapshot test`, or Vix_1_SyncDriver_Freeze.
  guest_.quiescer.begin_status = absl::FailedPreconditionError("another snapshot runs");
  EXPECT_EQ(guest_.Send("vmbackup.start 1"), kInProgress);
  guest_.timers.Advance(absl::Hours(1));
  EXPECT_TRUE(guest_.Events().empty());
}

TEST_F(SnapshotTest, EachStateHasItsReplies) {
  const auto expect = [&](State state, const char* start, const char* done, const char* abort) {
    const std::pair<std::string, const char*> rows[] = {
        {"vmbackup.start 1", start},
        {"vmbackup.snapshotDone", done},
        {"vmbackup.snapshotDone with a text", done},
        {"vmbackup.snapshotCompleted", "ERROR Error: no quiesce complete in progress"},
        {"vmbackup.abort", abort},
        {"vmbackup.abort\0"s, abort}};
    for (const auto& [request, reply] : rows) {
      SnapshotGuest guest;
      BringTo(guest, state);
      EXPECT_EQ(guest.Send(request), reply) << request << static_cast<int>(state);
    }
  };
  expect(State::kIdle, kOk, kNotInProgress, kNotInProgress);
  expect(State::kFreezing, kInProgress, kUnexpectedDone, kOk);
  expect(State::kFrozen, kInProgress, kOk, kOk);
  expect(State::kThawing, kInProgress, kUnexpectedDone, kOk);
  expect(State::kEnding, kInProgress, kUnexpectedDone, kOk);
}

TEST_F(SnapshotTest, RefusedResetFreezesNothing) {
  guest_.host.refused = {kReset};
  EXPECT_EQ(guest_.Send("vmbackup.start 1"), kOk);
  EXPECT_EQ(guest_.Steps(), (Lines{"begin", "abort"}));
  guest_.quiescer.Fail(Failure::ABORTED);
  guest_.quiescer.Done();
  EXPECT_EQ(guest_.Events(), (Lines{kReset, kAborted, kDone}));
}

TEST_F(SnapshotTest, RefusedCommitThawsAndEndsWithDoneOnly) {
  guest_.host.refused = {kCommit};
  guest_.Send("vmbackup.start 1");
  guest_.Steps();
  guest_.quiescer.Frozen();
  EXPECT_EQ(guest_.Steps(), (Lines{"abort"}));
  guest_.quiescer.Thawed();
  guest_.quiescer.Fail(Failure::ABORTED);
  EXPECT_EQ(guest_.Send("vmbackup.snapshotDone"), kUnexpectedDone);
  guest_.quiescer.Done();
  EXPECT_EQ(guest_.Events(), (Lines{kReset, kCommit, kDone}));
}

TEST_F(SnapshotTest, RefusedKeepAliveThaws) {
  for (const State state : {State::kFreezing, State::kFrozen}) {
    SnapshotGuest guest;
    BringTo(guest, state);
    guest.host.refused = {kKeepAlive};
    guest.timers.Advance(absl::Seconds(3));
    EXPECT_EQ(guest.Steps(), (Lines{"abort"}));
    // What has been frozen meanwhile is not committed.
    guest.quiescer.Frozen();
    guest.quiescer.Fail(Failure::ABORTED);
    guest.quiescer.Done();
    EXPECT_EQ(guest.Events(), (Lines{kKeepAlive, kAborted, kDone}));
  }
}

TEST_F(SnapshotTest, RefusedKeepAliveAfterTheSnapshotChangesNothing) {
  BringTo(guest_, State::kThawing);
  guest_.host.refused = {kKeepAlive};
  guest_.timers.Advance(absl::Seconds(6));
  EXPECT_TRUE(guest_.Steps().empty());
  guest_.quiescer.Done();
  EXPECT_EQ(guest_.Events(), (Lines{kKeepAlive, kKeepAlive, kDone}));
}

TEST_F(SnapshotTest, RefusedManifestChangesNothing) {
  const std::string manifest = SnapshotEvent("req.genericManifest 0 /m");
  BringTo(guest_, State::kThawing);
  guest_.host.refused = {manifest};
  guest_.quiescer.Thawed();
  guest_.quiescer.Manifest("/m");
  EXPECT_TRUE(guest_.Steps().empty());
  guest_.quiescer.Done();
  EXPECT_EQ(guest_.Events(), (Lines{manifest, kDone}));
}

TEST_F(SnapshotTest, ManifestThatTheHostDoesNotWantIsNotSent) {
  guest_.Send("vmbackup.start 0");
  guest_.quiescer.Frozen();
  guest_.Send("vmbackup.snapshotDone");
  guest_.quiescer.Manifest("/m");
  guest_.quiescer.Done();
  EXPECT_EQ(guest_.Events(), (Lines{kReset, kCommit, kDone}));
}

TEST_F(SnapshotTest, FailedScriptBeforeTheFreezeHasVmtoolsdsTranscript) {
  BringTo(guest_, State::kFreezing);
  guest_.quiescer.Fail(Failure::FREEZE_SCRIPT_FAILED);
  guest_.timers.Advance(absl::Seconds(3));
  guest_.quiescer.Done();
  EXPECT_EQ(guest_.Events(),
            (Lines{kScript, SnapshotEvent("req.error 5 'VmBackupOnFreeze' operation failed."),
                   kKeepAlive, kDone}));
  EXPECT_TRUE(guest_.Steps().empty());
}

TEST_F(SnapshotTest, FailedScriptAfterTheSnapshotHasVmtoolsdsTranscript) {
  BringTo(guest_, State::kThawing);
  guest_.quiescer.Thawed();
  guest_.quiescer.Manifest("/m");
  guest_.quiescer.Fail(Failure::THAW_SCRIPT_FAILED);
  guest_.quiescer.Done();
  EXPECT_EQ(guest_.Events(),
            (Lines{SnapshotEvent("req.genericManifest 0 /m"), kScript,
                   SnapshotEvent("req.error 5 'VmBackupOnThaw' operation failed."), kDone}));
}

TEST_F(SnapshotTest, FailedFreezeHasVmtoolsdsTranscript) {
  BringTo(guest_, State::kFreezing);
  guest_.quiescer.Fail(Failure::FREEZE_FAILED);
  guest_.quiescer.Done();
  EXPECT_EQ(guest_.Events(),
            (Lines{SnapshotEvent("req.error 3 Error when enabling the sync provider."), kDone}));
}

TEST_F(SnapshotTest, FailedThawIsReported) {
  BringTo(guest_, State::kThawing);
  guest_.quiescer.Fail(Failure::THAW_FAILED);
  guest_.quiescer.Done();
  EXPECT_EQ(guest_.Events(),
            (Lines{SnapshotEvent("req.error 3 Error when notifying the sync provider."), kDone}));
}

TEST_F(SnapshotTest, TimeLimitWhileTheHostIsSilentIsAnAbort) {
  BringTo(guest_, State::kFrozen);
  guest_.quiescer.Thawed();
  guest_.quiescer.Fail(Failure::ABORTED);
  EXPECT_EQ(guest_.Events(), (Lines{kAborted}));
  EXPECT_EQ(guest_.Send("vmbackup.snapshotDone"), kUnexpectedDone);
  guest_.quiescer.Done();
  EXPECT_EQ(guest_.Events(), (Lines{kDone}));
}

TEST_F(SnapshotTest, AbortIsReportedWhenEverythingIsThawed) {
  for (const State state : {State::kFreezing, State::kFrozen, State::kThawing}) {
    SnapshotGuest guest;
    BringTo(guest, state);
    EXPECT_EQ(guest.Send("vmbackup.abort"), kOk);
    EXPECT_EQ(guest.Steps(), (Lines{"abort"}));
    guest.timers.Advance(absl::Seconds(2));
    EXPECT_TRUE(guest.Events().empty());
    // A freeze that was under way.
    guest.quiescer.Frozen();
    EXPECT_TRUE(guest.Events().empty());
    guest.quiescer.Thawed();
    guest.quiescer.Fail(Failure::ABORTED);
    EXPECT_EQ(guest.Events(), (Lines{kAborted}));
    guest.quiescer.Done();
    EXPECT_EQ(guest.Events(), (Lines{kDone}));
  }
}

TEST_F(SnapshotTest, AbortIsReportedEvenIfSomethingElseFailsFirst) {
  BringTo(guest_, State::kEnding);
  guest_.quiescer.Fail(Failure::FREEZE_FAILED);
  guest_.quiescer.Done();
  EXPECT_EQ(guest_.Events(),
            (Lines{SnapshotEvent("req.error 3 Error when enabling the sync provider."), kAborted,
                   kDone}));
}

TEST_F(SnapshotTest, AbortThatDoesNotThawSaysSo) {
  BringTo(guest_, State::kEnding);
  guest_.quiescer.Fail(Failure::ABORTED_NOT_THAWED);
  guest_.quiescer.Done();
  EXPECT_EQ(guest_.Events(),
            (Lines{SnapshotEvent("req.aborted 4 Quiesce could not be canceled."), kDone}));
}

TEST_F(SnapshotTest, SecondAbortIsReportedOnce) {
  BringTo(guest_, State::kEnding);
  guest_.quiescer.Fail(Failure::ABORTED);
  EXPECT_EQ(guest_.Send("vmbackup.abort"), kOk);
  guest_.quiescer.Done();
  EXPECT_EQ(guest_.Events(), (Lines{kAborted, kDone}));
}

TEST_F(SnapshotTest, EndWithoutAReasonIsAnAbort) {
  for (const State state : {State::kFreezing, State::kFrozen}) {
    SnapshotGuest guest;
    BringTo(guest, state);
    guest.quiescer.Done();
    EXPECT_EQ(guest.Events(), (Lines{kAborted, kDone}));
  }
}

TEST_F(SnapshotTest, LostHostThawsAndGetsWhatCanStillBeSent) {
  for (const State state : {State::kFreezing, State::kFrozen}) {
    SnapshotGuest guest;
    BringTo(guest, state);
    guest.routes.OnHostLost();
    EXPECT_EQ(guest.Steps(), (Lines{"abort"}));
    guest.quiescer.Fail(Failure::ABORTED);
    guest.quiescer.Done();
    EXPECT_EQ(guest.Events(), (Lines{kAborted, kDone}));
    EXPECT_EQ(guest.Send("vmbackup.start 1"), kOk);
  }
}

TEST_F(SnapshotTest, LostHostDoesNotStopTheScriptsAfterTheSnapshot) {
  for (const State state : {State::kIdle, State::kThawing, State::kEnding}) {
    SnapshotGuest guest;
    BringTo(guest, state);
    guest.routes.OnHostLost();
    EXPECT_TRUE(guest.Steps().empty());
  }
}

TEST_F(SnapshotTest, HostWithoutAChannelDoesNotKeepAnythingFrozen) {
  BringTo(guest_, State::kFrozen);
  guest_.host.down = true;
  guest_.timers.Advance(absl::Seconds(3));
  EXPECT_EQ(guest_.Steps(), (Lines{"abort"}));
  guest_.quiescer.Fail(Failure::ABORTED);
  guest_.quiescer.Done();
  guest_.host.down = false;
  EXPECT_EQ(guest_.Send("vmbackup.start 1"), kOk);
  EXPECT_EQ(guest_.Events(), (Lines{kReset}));
}

TEST_F(SnapshotTest, EndOfTransportdThawsAndIsReported) {
  BringTo(guest_, State::kFrozen);
  guest_.quiescer.on_wait = [this](absl::Duration) {
    guest_.quiescer.Fail(Failure::ABORTED);
    guest_.quiescer.Done();
  };
  guest_.routes.Stop(absl::Seconds(5));
  EXPECT_EQ(guest_.Steps(), (Lines{"abort"}));
  EXPECT_EQ(guest_.Events(), (Lines{kAborted, kDone}));
  guest_.routes.Stop(absl::Seconds(5));
  EXPECT_TRUE(guest_.Events().empty());
}

TEST_F(SnapshotTest, EndOfTransportdIsReportedEvenIfSnapshotdHangs) {
  BringTo(guest_, State::kFrozen);
  guest_.quiescer.on_wait = [](absl::Duration) {};
  guest_.routes.Stop(absl::Milliseconds(20));
  EXPECT_EQ(guest_.Events(),
            (Lines{SnapshotEvent("req.aborted 4 Quiesce could not be canceled."), kDone}));
  // What snapshotd says later is not for this host.
  guest_.quiescer.Done();
  EXPECT_TRUE(guest_.Events().empty());
}

}  // namespace
}  // namespace toolboxd
