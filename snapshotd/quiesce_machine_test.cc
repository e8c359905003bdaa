// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/quiesce_machine.h"

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd::snapshotd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = QuiesceStep::Kind;

constexpr QuiesceMachine::Parts kAll = {.file_systems = true, .scripts = true, .manifest = true};
constexpr QuiesceMachine::Parts kFileSystems = {.file_systems = true};
constexpr QuiesceMachine::Parts kScripts = {.scripts = true};

std::string Name(const v1::QuiesceUpdate& update) {
  if (update.has_frozen()) return "send frozen";
  if (update.has_thawed()) return "send thawed";
  if (update.has_done()) return "send done";
  if (update.has_failure()) {
    return absl::StrCat("send ", v1::QuiesceFailure::Kind_Name(update.failure().kind()), " ",
                        update.failure().message());
  }
  return "send ?";
}

std::string Name(const QuiesceStep& step) {
  switch (step.kind) {
    case Kind::kRunScripts:
      return absl::StrCat("run ", ScriptEventName(step.scripts));
    case Kind::kStopScripts:
      return "stop scripts";
    case Kind::kFreeze:
      return "freeze";
    case Kind::kCancelFreeze:
      return "cancel freeze";
    case Kind::kThaw:
      return "thaw";
    case Kind::kWriteManifest:
      return "manifest";
    case Kind::kSend:
      return Name(step.update);
  }
  return "";
}

std::vector<std::string> Names(const QuiesceSteps& steps) {
  std::vector<std::string> names;
  for (const QuiesceStep& step : steps) names.push_back(Name(step));
  return names;
}

TEST(QuiesceMachine, SuccessFreezesBetweenScripts) {
  QuiesceMachine machine(kAll);
  EXPECT_THAT(Names(machine.Proceed()), ElementsAre("run freeze"));
  EXPECT_THAT(Names(machine.ScriptsEnded(absl::OkStatus())), ElementsAre("freeze"));
  EXPECT_THAT(Names(machine.FreezeEnded(absl::OkStatus(), {})), ElementsAre("send frozen"));
  EXPECT_THAT(Names(machine.SnapshotDone()), ElementsAre("thaw"));
  EXPECT_THAT(Names(machine.ThawEnded(absl::OkStatus(), {})),
              ElementsAre("send thawed", "manifest", "run thaw"));
  EXPECT_THAT(Names(machine.ScriptsEnded(absl::OkStatus())), ElementsAre("send done"));
}

TEST(QuiesceMachine, WithoutScriptsTheFreezeBeginsAtOnce) {
  QuiesceMachine machine(kFileSystems);
  EXPECT_THAT(Names(machine.Proceed()), ElementsAre("freeze"));
  machine.FreezeEnded(absl::OkStatus(), {});
  machine.SnapshotDone();
  EXPECT_THAT(Names(machine.ThawEnded(absl::OkStatus(), {})),
              ElementsAre("send thawed", "send done"));
}

TEST(QuiesceMachine, ScriptsAloneFreezeNothing) {
  QuiesceMachine machine(kScripts);
  machine.Proceed();
  EXPECT_THAT(Names(machine.ScriptsEnded(absl::OkStatus())), ElementsAre("send frozen"));
  EXPECT_FALSE(machine.may_be_frozen());
  EXPECT_THAT(Names(machine.SnapshotDone()), ElementsAre("send thawed", "run thaw"));
}

TEST(QuiesceMachine, FailedScriptIsReportedBeforeTheScriptsOfTheFailure) {
  QuiesceMachine machine(kAll);
  machine.Proceed();
  EXPECT_THAT(Names(machine.ScriptsEnded(absl::UnknownError("10-a"))),
              ElementsAre("send FREEZE_SCRIPT_FAILED 10-a", "run freezeFail"));
  EXPECT_THAT(Names(machine.ScriptsEnded(absl::UnknownError("ignored"))), ElementsAre("send done"));
}

TEST(QuiesceMachine, ScriptsThatCannotBeStartedAreAFailureOfTheirOwn) {
  QuiesceMachine machine(kAll);
  machine.Proceed();
  EXPECT_THAT(Names(machine.ScriptsEnded(absl::UnavailableError("no bus"))),
              ElementsAre("send SCRIPTS_NOT_STARTED no bus", "run freezeFail"));
}

TEST(QuiesceMachine, RefusedScriptsFailAndNoneLearnsOfTheEnd) {
  QuiesceMachine machine(kAll);
  machine.Proceed();
  EXPECT_THAT(Names(machine.ScriptsEnded(absl::PermissionDeniedError("polkit"))),
              ElementsAre("send SCRIPTS_NOT_STARTED polkit", "send done"));
}

TEST(QuiesceMachine, FailedFreezeEndsTheSnapshot) {
  QuiesceMachine machine(kFileSystems);
  machine.Proceed();
  EXPECT_THAT(Names(machine.FreezeEnded(absl::UnknownError("EIO"), {})),
              ElementsAre("send FREEZE_FAILED EIO", "send done"));
}

TEST(QuiesceMachine, AbortDuringScriptsStopsThemFirst) {
  QuiesceMachine machine(kAll);
  machine.Proceed();
  EXPECT_THAT(Names(machine.Abort("host")), ElementsAre("stop scripts"));
  EXPECT_THAT(Names(machine.ScriptsEnded(absl::CancelledError(""))),
              ElementsAre("send ABORTED host", "run freezeFail"));
}

// vmtoolsd reports the abort, freezes afterwards, and never thaws (8.9, S9).
TEST(QuiesceMachine, AbortDuringTheFreezeIsReportedAfterTheThaw) {
  QuiesceMachine machine(kFileSystems);
  machine.Proceed();
  EXPECT_THAT(Names(machine.Abort("host")), ElementsAre("cancel freeze"));
  EXPECT_THAT(Names(machine.FreezeEnded(absl::OkStatus(), {})), ElementsAre("thaw"));
  EXPECT_THAT(Names(machine.ThawEnded(absl::OkStatus(), {})),
              ElementsAre("send thawed", "send ABORTED host", "send done"));
}

TEST(QuiesceMachine, CancelledFreezeIsReportedAsAborted) {
  QuiesceMachine machine(kFileSystems);
  machine.Proceed();
  machine.Abort("host");
  EXPECT_THAT(Names(machine.FreezeEnded(absl::CancelledError(""), {})),
              ElementsAre("send ABORTED host", "send done"));
}

TEST(QuiesceMachine, AbortWhileFrozenIsReportedAfterTheThaw) {
  QuiesceMachine machine(kAll);
  machine.Proceed();
  machine.ScriptsEnded(absl::OkStatus());
  machine.FreezeEnded(absl::OkStatus(), {});
  EXPECT_THAT(Names(machine.Abort("host")), ElementsAre("thaw"));
  EXPECT_THAT(Names(machine.ThawEnded(absl::OkStatus(), {})),
              ElementsAre("send thawed", "send ABORTED host", "run freezeFail"));
}

TEST(QuiesceMachine, AbortThatCannotThawSaysSo) {
  QuiesceMachine machine(kFileSystems);
  machine.Proceed();
  machine.FreezeEnded(absl::OkStatus(), {});
  machine.Abort("host");
  EXPECT_THAT(Names(machine.ThawEnded(absl::UnknownError("EIO"), {})),
              ElementsAre("send ABORTED_NOT_THAWED EIO", "send done"));
}

TEST(QuiesceMachine, AbortAfterTheThawLetsTheScriptsStartTheirServices) {
  QuiesceMachine machine(kAll);
  machine.Proceed();
  machine.ScriptsEnded(absl::OkStatus());
  machine.FreezeEnded(absl::OkStatus(), {});
  machine.SnapshotDone();
  machine.ThawEnded(absl::OkStatus(), {});
  EXPECT_THAT(Names(machine.Abort("host")), IsEmpty());
  EXPECT_THAT(Names(machine.ScriptsEnded(absl::OkStatus())),
              ElementsAre("send ABORTED host", "send done"));
}

TEST(QuiesceMachine, LostFreezerMakesTheSnapshotWorthless) {
  QuiesceMachine machine(kAll);
  machine.Proceed();
  machine.ScriptsEnded(absl::OkStatus());
  machine.FreezeEnded(absl::OkStatus(), {});
  EXPECT_THAT(Names(machine.FreezerLost("died")),
              ElementsAre("send THAW_FAILED died", "run freezeFail"));
  EXPECT_THAT(Names(machine.SnapshotDone()), IsEmpty());
}

TEST(QuiesceMachine, AbortBeforeTheBeginningRunsNothing) {
  QuiesceMachine machine(kAll);
  EXPECT_THAT(Names(machine.Abort("left")), ElementsAre("send ABORTED left", "send done"));
  EXPECT_THAT(Names(machine.Proceed()), IsEmpty());
}

// One snapshot with everything that it needs played at random.
class Schedule {
 public:
  Schedule(QuiesceMachine::Parts parts, unsigned seed)
      : parts_(parts), machine_(parts), random_(seed) {}

  void Run() {
    if (Pick(10) != 0) Take(machine_.Proceed());
    for (int i = 0; i < 1000 && !machine_.done(); ++i) Event();
    // Whoever is still called sees the end of its work.
    for (int i = 0; i < 10 && !machine_.done(); ++i) {
      Take(machine_.Abort("end"));
      Finish();
    }
    while (freezing_ || thawing_ || scripts_) Finish();
    Take(machine_.Abort("late"));
    Take(machine_.SnapshotDone());
  }

  // What must hold whatever happened.
  void Check() const {
    ASSERT_TRUE(machine_.done());
    EXPECT_EQ(done_, 1);
    EXPECT_EQ(last_, "send done");
    EXPECT_TRUE(!frozen_ || thaw_failed_) << "left frozen";
    EXPECT_LE(commits_, 1);
    EXPECT_FALSE(overlap_) << "two things at a time";
    EXPECT_FALSE(commit_while_not_frozen_);
    EXPECT_FALSE(silent_failure_);
    // Scripts that ran before are called back.
    EXPECT_EQ(scripts_before_, scripts_after_);
  }
  const std::string& log() const { return log_; }

 private:
  int Pick(int below) { return static_cast<int>(random_() % below); }

  void Event() {
    switch (Pick(8)) {
      case 0:
        return Take(machine_.SnapshotDone());
      case 1:
        if (Pick(5) == 0) Take(machine_.Abort("random"));
        return;
      case 2:
        if (frozen_ && !thawing_ && !freezing_ && Pick(5) == 0) {
          frozen_ = false;
          Take(machine_.FreezerLost("random"));
        }
        return;
      default:
        Finish();
    }
  }

  // Ends one of the things that run.
  void Finish() {
    const bool good = Pick(4) != 0;
    const absl::Status status = good ? absl::OkStatus() : absl::UnknownError("random");
    if (scripts_) {
      scripts_ = false;
      Take(machine_.ScriptsEnded(status));
    } else if (freezing_) {
      freezing_ = false;
      frozen_ = good;
      Take(machine_.FreezeEnded(status, {}));
    } else if (thawing_) {
      thawing_ = false;
      thaw_failed_ = !good;
      if (good) frozen_ = false;
      Take(machine_.ThawEnded(status, {}));
    }
  }

  void Take(const QuiesceSteps& steps) {
    for (const QuiesceStep& step : steps) {
      last_ = Name(step);
      absl::StrAppend(&log_, last_, "\n");
      Do(step);
    }
  }

  void Do(const QuiesceStep& step) {
    switch (step.kind) {
      case Kind::kRunScripts:
        overlap_ |= scripts_ || freezing_ || thawing_;
        scripts_ = true;
        ++(step.scripts == ScriptEvent::kFreeze ? scripts_before_ : scripts_after_);
        break;
      case Kind::kFreeze:
        overlap_ |= scripts_ || freezing_ || thawing_ || frozen_;
        freezing_ = true;
        break;
      case Kind::kThaw:
        overlap_ |= scripts_ || freezing_ || thawing_;
        thawing_ = true;
        break;
      case Kind::kSend:
        if (step.update.has_frozen()) {
          ++commits_;
          commit_while_not_frozen_ |= parts_.file_systems && !frozen_;
        }
        if (step.update.has_failure() && !thaw_failed_) silent_failure_ |= frozen_;
        done_ += step.update.has_done();
        break;
      default:
        break;
    }
  }

  const QuiesceMachine::Parts parts_;
  QuiesceMachine machine_;
  std::minstd_rand random_;
  bool scripts_ = false, freezing_ = false, thawing_ = false, frozen_ = false;
  bool thaw_failed_ = false, overlap_ = false, commit_while_not_frozen_ = false;
  // A failure was sent while something was frozen.
  bool silent_failure_ = false;
  int done_ = 0, commits_ = 0, scripts_before_ = 0, scripts_after_ = 0;
  std::string last_, log_;
};

TEST(QuiesceMachine, TenThousandRandomSchedulesEndThawedAndReported) {
  for (unsigned seed = 1; seed <= 10'000; ++seed) {
    const QuiesceMachine::Parts parts = {.file_systems = seed % 4 != 0,
                                         .scripts = seed % 3 != 0 || seed % 4 == 0,
                                         .manifest = seed % 5 == 0};
    Schedule schedule(parts, seed);
    schedule.Run();
    schedule.Check();
    ASSERT_FALSE(HasFailure()) << "seed " << seed << ":\n" << schedule.log();
  }
}

}  // namespace
}  // namespace toolboxd::snapshotd
