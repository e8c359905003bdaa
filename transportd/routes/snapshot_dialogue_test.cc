// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "transportd/routes/testing/snapshot_guest.h"

namespace toolboxd {
namespace {

using Failure = v1::QuiesceFailure;

constexpr char kOk[] = "OK ";
constexpr char kInProgress[] = "ERROR Quiesce operation already in progress.";
constexpr char kNotInProgress[] = "ERROR Error: no quiesce operation in progress";

const auto kReset = SnapshotEvent("reset 0 ");
const auto kCommit = SnapshotEvent("prov.snapshotCommit 0 ");
const auto kKeepAlive = SnapshotEvent("req.keepAlive 0 ");
const auto kAborted = SnapshotEvent("req.aborted 4 Quiesce canceled.");
const auto kDone = SnapshotEvent("req.done 0 ");

// Ten thousand dialogues of a random host with a random, but orderly, snapshotd.
class RandomDialogue {
 public:
  explicit RandomDialogue(uint32_t seed) : random_(seed) {}

  void Run() {
    ASSERT_EQ(guest_.Send("vmbackup.start 1"), kOk);
    for (int i = 0; i < 200 && !done_; ++i) {
      if (Chance(3)) HostActs();
      if (Chance(4)) guest_.timers.Advance(absl::Milliseconds(random_() % 3000));
      if (Chance(2)) SnapshotdActs();
      Check();
    }
    guest_.host.refused.clear();
    while (!done_) SnapshotdActs();
    guest_.timers.Advance(absl::Minutes(1));
    Check();
    EXPECT_EQ(done_events_, 1);
    // A host that committed and got neither an error nor an abort keeps its snapshot.
    if (committed_ && !failed_ && !Has("abort")) {
      EXPECT_EQ(aborted_, 0);
    }
    if (!committed_) {
      EXPECT_TRUE(failed_ || aborted_ > 0 || Has("abort"));
    }
    EXPECT_EQ(guest_.Send("vmbackup.abort"), kNotInProgress);
  }

 private:
  bool Chance(int one_in) { return random_() % one_in == 0; }
  bool Has(absl::string_view step) const {
    for (const std::string& taken : guest_.quiescer.steps) {
      if (taken == step) return true;
    }
    return false;
  }

  void HostActs() {
    switch (random_() % 8) {
      case 0:
        guest_.Send("vmbackup.abort");
        break;
      case 1:
        guest_.routes.OnHostLost();
        break;
      case 2:
        guest_.host.refused = {kKeepAlive};
        break;
      case 3:
        guest_.host.refused = {kCommit};
        break;
      case 4:
        EXPECT_EQ(guest_.Send("vmbackup.start 1"), kInProgress);
        break;
      default:
        guest_.Send("vmbackup.snapshotDone");
    }
  }

  // The next thing that snapshotd would say after the steps that it was sent.
  void SnapshotdActs() {
    if (failed_ || (thawed_ && Chance(2))) {
      done_ = true;
      return guest_.quiescer.Done();
    }
    // An abort may cross what was on its way.
    const bool aborts = Has("abort") && !Chance(4);
    if (aborts || Chance(12)) return Fail(Failure::ABORTED);
    if (!frozen_) {
      if (Chance(6)) return Fail(Failure::FREEZE_FAILED);
      frozen_ = true;
      return guest_.quiescer.Frozen();
    }
    if (!thawed_ && Has("done")) {
      thawed_ = true;
      return guest_.quiescer.Thawed();
    }
    if (!thawed_ && !Has("done") && !Has("abort") && Chance(5)) Fail(Failure::ABORTED);
  }
  void Fail(Failure::Kind kind) {
    failed_ = true;
    guest_.quiescer.Fail(kind);
  }

  void Check() {
    for (const std::string& event : guest_.Events()) {
      EXPECT_EQ(event.back(), '\0');
      EXPECT_EQ(done_events_, 0) << event;
      EXPECT_EQ(event == kReset, events_++ == 0) << event;
      if (event == kDone) ++done_events_;
      if (event == kAborted) {
        EXPECT_EQ(aborted_++, 0);
      }
      if (event == kCommit) {
        EXPECT_FALSE(committed_);
        EXPECT_EQ(aborted_, 0);
        committed_ = true;
      }
    }
  }

  std::mt19937 random_;
  SnapshotGuest guest_;
  bool frozen_ = false;
  bool thawed_ = false;
  bool failed_ = false;
  bool done_ = false;
  bool committed_ = false;
  int events_ = 0;
  int aborted_ = 0;
  int done_events_ = 0;
};

TEST(SnapshotDialogues, EachEndsWithOneDone) {
  testing::internal::CaptureStderr();
  for (uint32_t seed = 0; seed < 10000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    RandomDialogue(seed).Run();
  }
  testing::internal::GetCapturedStderr();
}

}  // namespace
}  // namespace toolboxd
