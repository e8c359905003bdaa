// SPDX-License-Identifier: Apache-2.0

#include "transportd/quiesce_client.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/steady_time.h"
#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/quiesce.grpc.pb.h"
#include "transportd/testing/run_queue.h"
#include "transportd/testing/unix_server.h"

namespace toolboxd {
namespace {

using Lines = std::vector<std::string>;
using Stream = grpc::ServerReaderWriter<v1::QuiesceUpdate, v1::QuiesceRequest>;

// Takes the steps of a snapshot as its behaviour says.
class FakeSnapshotd final : public v1::Quiesce::Service {
 public:
  enum class Behaviour {
    kNormal,
    kBusy,
    kHangsAtStart,
    kGarbage,
    // Answers nothing after the step of the same name.
    kHangsAfterProceed,
    kHangsAfterFrozen,
    kDiesAfterFrozen,
    kDiesAfterFailure,
    kEndsWithoutDone,
  };

  grpc::Status Run(grpc::ServerContext* context, Stream* stream) override {
    v1::QuiesceRequest request;
    if (!stream->Read(&request)) return grpc::Status::OK;
    {
      absl::MutexLock lock(&mutex_);
      start_ = request.start();
      context_ = context;
    }
    const Behaviour now = behaviour;
    if (now == Behaviour::kBusy) {
      return {grpc::StatusCode::FAILED_PRECONDITION, "another snapshot runs"};
    }
    if (now == Behaviour::kHangsAtStart) return Hang(context);
    v1::QuiesceUpdate update;
    if (now == Behaviour::kGarbage) {
      update.mutable_done();
      stream->Write(update);
      return Hang(context);
    }
    update.mutable_ready();
    stream->Write(update);
    const grpc::Status status = Steps(context, stream);
    ++ended;
    return status;
  }

  v1::QuiesceStart start() {
    absl::MutexLock lock(&mutex_);
    return start_;
  }

  std::atomic<Behaviour> behaviour{Behaviour::kNormal};
  std::atomic<int> alive{0};
  std::atomic<int> aborts{0};
  std::atomic<int> ended{0};
  // Ends the call that goes on.
  void EndCall() {
    absl::MutexLock lock(&mutex_);
    context_->TryCancel();
  }

 private:
  static grpc::Status Hang(grpc::ServerContext* context) {
    while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(5));
    return grpc::Status::CANCELLED;
  }

  grpc::Status Steps(grpc::ServerContext* context, Stream* stream) {
    const Behaviour now = behaviour;
    v1::QuiesceRequest request;
    v1::QuiesceUpdate update;
    while (stream->Read(&request)) {
      if (request.has_alive()) ++alive;
      if (request.has_abort()) {
        ++aborts;
        if (now == Behaviour::kHangsAfterProceed || now == Behaviour::kHangsAfterFrozen) continue;
        return Fail(stream);
      }
      if (request.has_proceed()) {
        if (now == Behaviour::kHangsAfterProceed) continue;
        update.mutable_frozen();
        stream->Write(update);
        if (now == Behaviour::kDiesAfterFrozen) return {grpc::StatusCode::UNAVAILABLE, "died"};
        if (now == Behaviour::kEndsWithoutDone) return grpc::Status::OK;
        if (now == Behaviour::kDiesAfterFailure) {
          update.mutable_failure()->set_kind(v1::QuiesceFailure::ABORTED);
          stream->Write(update);
          return {grpc::StatusCode::UNAVAILABLE, "died"};
        }
      }
      if (request.has_snapshot_done() && now == Behaviour::kNormal) {
        update.mutable_thawed()->set_frozen_us(1500);
        stream->Write(update);
        update.mutable_manifest()->set_path("/m");
        stream->Write(update);
        update.mutable_done();
        stream->Write(update);
        // The client ends the call.
        return Hang(context);
      }
    }
    return grpc::Status::CANCELLED;
  }

  static grpc::Status Fail(Stream* stream) {
    v1::QuiesceUpdate update;
    update.mutable_failure()->set_kind(v1::QuiesceFailure::ABORTED);
    stream->Write(update);
    update.mutable_done();
    stream->Write(update);
    return grpc::Status::OK;
  }

  absl::Mutex mutex_;
  v1::QuiesceStart start_ ABSL_GUARDED_BY(mutex_);
  grpc::ServerContext* context_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

std::string NameOf(const v1::QuiesceUpdate& update) {
  switch (update.step_case()) {
    case v1::QuiesceUpdate::kReady:
      return "ready";
    case v1::QuiesceUpdate::kFrozen:
      return "frozen";
    case v1::QuiesceUpdate::kThawed:
      return "thawed";
    case v1::QuiesceUpdate::kManifest:
      return "manifest";
    case v1::QuiesceUpdate::kFailure:
      return v1::QuiesceFailure::Kind_Name(update.failure().kind());
    case v1::QuiesceUpdate::kDone:
      return "done";
    default:
      return "nothing";
  }
}

class QuiesceClientTest : public testing::Test {
 protected:
  QuiesceClientTest() : socket_(folder_.File("snapshotd.sock")), server_(socket_, &snapshotd_) {}

  std::unique_ptr<QuiesceClient> MakeClient(QuiesceLimits limits) {
    return std::make_unique<QuiesceClient>(
        socket_, &queue_, &board_,
        [this](QuiesceClient::Standstill standstill) {
          updates_.push_back(standstill == QuiesceClient::Standstill::kBegins ? "(still)"
                                                                              : "(moves)");
        },
        limits);
  }
  static QuiesceLimits ShortLimits() {
    return {.start = absl::Seconds(2),
            .alive = absl::Milliseconds(10),
            .thaw = absl::Milliseconds(60),
            .given_up = absl::Milliseconds(60)};
  }
  absl::Status Begin() {
    v1::QuiesceStart start;
    start.set_script_argument("nightly");
    return client_->Begin(
        start, [this](const v1::QuiesceUpdate& update) { updates_.push_back(NameOf(update)); });
  }

  template <typename Done>
  void RunUntil(Done done) {
    RunQueueUntil(queue_, done);
  }
  void RunUntilUpdate(const std::string& update) {
    RunUntil([&] { return !updates_.empty() && updates_.back() == update; });
  }

  ShortTempDir folder_;
  std::string socket_;
  FakeSnapshotd snapshotd_;
  UnixServer server_;
  TaskQueue queue_;
  StatusBoard board_;
  // The updates of the snapshots, and the standstill in parentheses.
  Lines updates_;
  std::unique_ptr<QuiesceClient> client_ = MakeClient({});
};

TEST_F(QuiesceClientTest, SnapshotHasItsSteps) {
  ASSERT_TRUE(Begin().ok());
  EXPECT_EQ(snapshotd_.start().script_argument(), "nightly");
  EXPECT_TRUE(updates_.empty());
  EXPECT_TRUE(board_.Get().snapshots().running());
  client_->Proceed();
  EXPECT_EQ(updates_, (Lines{"(still)"}));
  RunUntilUpdate("frozen");
  client_->SnapshotDone();
  RunUntilUpdate("done");
  EXPECT_EQ(updates_, (Lines{"(still)", "frozen", "(moves)", "thawed", "manifest", "done"}));
  RunUntil([this] { return snapshotd_.ended == 1; });
  EXPECT_EQ(snapshotd_.aborts, 0);
  const v1::SnapshotStatus status = board_.Get().snapshots();
  EXPECT_FALSE(status.running());
  EXPECT_EQ(status.ended(), 1u);
  EXPECT_EQ(status.failed(), 0u);
  EXPECT_EQ(status.last_frozen_us(), 1500u);
}

TEST_F(QuiesceClientTest, ConnectionEndsWithItsSnapshot) {
  ASSERT_TRUE(Begin().ok());
  EXPECT_EQ(server_.Connections(), 1);
  client_->Abort();
  RunUntilUpdate("done");
  RunUntil([this] { return server_.Connections() == 0; });
}

TEST_F(QuiesceClientTest, SecondSnapshotIsRefusedWhileOneRuns) {
  ASSERT_TRUE(Begin().ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(Begin()));
  client_->Abort();
  RunUntilUpdate("done");
  EXPECT_EQ(updates_, (Lines{"ABORTED", "done"}));
  EXPECT_TRUE(Begin().ok());
}

TEST_F(QuiesceClientTest, NothingIsSentOutsideOfASnapshot) {
  client_->Proceed();
  client_->SnapshotDone();
  client_->Abort();
  client_->Wait(absl::Hours(1));
  EXPECT_TRUE(updates_.empty());
}

TEST_F(QuiesceClientTest, WaitDeliversWithoutTheQueue) {
  ASSERT_TRUE(Begin().ok());
  client_->Proceed();
  client_->Wait(absl::Seconds(5));
  EXPECT_EQ(updates_, (Lines{"(still)", "frozen"}));
  client_->Wait(absl::Milliseconds(10));
  client_->SnapshotDone();
  while (updates_.back() != "done") client_->Wait(absl::Seconds(5));
  const Lines all = {"(still)", "frozen", "(moves)", "thawed", "manifest", "done"};
  EXPECT_EQ(updates_, all);
  // The tasks that were posted meanwhile find nothing.
  queue_.RunUntil(SteadyNow() + absl::Milliseconds(20));
  EXPECT_EQ(updates_, all);
}

TEST_F(QuiesceClientTest, SnapshotdGetsSignsOfLife) {
  client_ = MakeClient(ShortLimits());
  ASSERT_TRUE(Begin().ok());
  RunUntil([this] { return snapshotd_.alive >= 3; });
  client_->Abort();
  RunUntilUpdate("done");
  const int alive = snapshotd_.alive;
  queue_.RunUntil(SteadyNow() + absl::Milliseconds(50));
  EXPECT_EQ(snapshotd_.alive, alive);
}

TEST_F(QuiesceClientTest, AbortEndsTheStandstill) {
  ASSERT_TRUE(Begin().ok());
  client_->Proceed();
  RunUntilUpdate("frozen");
  client_->Abort();
  RunUntilUpdate("done");
  EXPECT_EQ(updates_, (Lines{"(still)", "frozen", "(moves)", "ABORTED", "done"}));
  EXPECT_EQ(board_.Get().snapshots().failed(), 1u);
}

TEST_F(QuiesceClientTest, DeathOfSnapshotdIsAnAbort) {
  for (const auto behaviour :
       {FakeSnapshotd::Behaviour::kDiesAfterFrozen, FakeSnapshotd::Behaviour::kEndsWithoutDone,
        FakeSnapshotd::Behaviour::kDiesAfterFailure}) {
    updates_.clear();
    snapshotd_.behaviour = behaviour;
    ASSERT_TRUE(Begin().ok());
    client_->Proceed();
    RunUntilUpdate("done");
    EXPECT_EQ(updates_, (Lines{"(still)", "frozen", "(moves)", "ABORTED", "done"}));
  }
}

TEST_F(QuiesceClientTest, SnapshotdThatHangsAfterAnAbortIsGivenUp) {
  client_ = MakeClient(ShortLimits());
  snapshotd_.behaviour = FakeSnapshotd::Behaviour::kHangsAfterProceed;
  ASSERT_TRUE(Begin().ok());
  client_->Proceed();
  // Freezing may take long.
  queue_.RunUntil(SteadyNow() + absl::Milliseconds(150));
  EXPECT_EQ(updates_, (Lines{"(still)"}));
  client_->Abort();
  RunUntilUpdate("done");
  EXPECT_EQ(updates_, (Lines{"(still)", "ABORTED_NOT_THAWED", "done"}));
  // It may have something frozen as long as it goes on, and is left after a time.
  EXPECT_TRUE(absl::IsUnavailable(Begin()));
  EXPECT_EQ(snapshotd_.ended, 0);
  RunUntilUpdate("(moves)");
  RunUntil([this] { return snapshotd_.ended == 1; });
  snapshotd_.behaviour = FakeSnapshotd::Behaviour::kNormal;
  EXPECT_TRUE(Begin().ok());
}

TEST_F(QuiesceClientTest, StandstillLastsUntilASnapshotdThatWasGivenUpEnds) {
  QuiesceLimits limits = ShortLimits();
  limits.given_up = absl::Hours(1);
  client_ = MakeClient(limits);
  snapshotd_.behaviour = FakeSnapshotd::Behaviour::kHangsAfterProceed;
  ASSERT_TRUE(Begin().ok());
  client_->Proceed();
  client_->Abort();
  RunUntilUpdate("done");
  queue_.RunUntil(SteadyNow() + absl::Milliseconds(100));
  EXPECT_EQ(updates_, (Lines{"(still)", "ABORTED_NOT_THAWED", "done"}));
  snapshotd_.EndCall();
  RunUntilUpdate("(moves)");
  EXPECT_EQ(updates_, (Lines{"(still)", "ABORTED_NOT_THAWED", "done", "(moves)"}));
  snapshotd_.behaviour = FakeSnapshotd::Behaviour::kNormal;
  EXPECT_TRUE(Begin().ok());
}

TEST_F(QuiesceClientTest, SnapshotdThatDoesNotThawIsAbortedThenGivenUp) {
  client_ = MakeClient(ShortLimits());
  snapshotd_.behaviour = FakeSnapshotd::Behaviour::kHangsAfterFrozen;
  ASSERT_TRUE(Begin().ok());
  client_->Proceed();
  RunUntilUpdate("frozen");
  client_->SnapshotDone();
  RunUntilUpdate("done");
  EXPECT_EQ(snapshotd_.aborts, 1);
  EXPECT_EQ(updates_, (Lines{"(still)", "frozen", "ABORTED_NOT_THAWED", "done"}));
  RunUntilUpdate("(moves)");
}

TEST_F(QuiesceClientTest, SnapshotdThatCannotStartIsAnError) {
  snapshotd_.behaviour = FakeSnapshotd::Behaviour::kBusy;
  EXPECT_TRUE(absl::IsFailedPrecondition(Begin()));
  snapshotd_.behaviour = FakeSnapshotd::Behaviour::kGarbage;
  EXPECT_TRUE(absl::IsInternal(Begin()));
  EXPECT_EQ(board_.Get().services(0).failures(), 2u);
  EXPECT_FALSE(board_.Get().has_snapshots());
  snapshotd_.behaviour = FakeSnapshotd::Behaviour::kNormal;
  EXPECT_TRUE(Begin().ok());
  EXPECT_TRUE(updates_.empty());
}

TEST_F(QuiesceClientTest, HungSnapshotdIsAbandonedWithinTheTimeLimit) {
  snapshotd_.behaviour = FakeSnapshotd::Behaviour::kHangsAtStart;
  const absl::Time begin = SteadyNow();
  EXPECT_TRUE(absl::IsDeadlineExceeded(Begin()));
  EXPECT_LT(SteadyNow() - begin, absl::Seconds(4));
  snapshotd_.behaviour = FakeSnapshotd::Behaviour::kNormal;
  EXPECT_TRUE(Begin().ok());
}

TEST_F(QuiesceClientTest, MissingSnapshotdIsAnErrorAtOnce) {
  QuiesceClient client(folder_.File("nobody.sock"), &queue_, &board_,
                       [](QuiesceClient::Standstill) {});
  const absl::Time begin = SteadyNow();
  EXPECT_TRUE(absl::IsUnavailable(client.Begin({}, [](const v1::QuiesceUpdate&) {})));
  EXPECT_LT(SteadyNow() - begin, absl::Seconds(1));
}

TEST_F(QuiesceClientTest, ClientMayBeDestroyedDuringASnapshot) {
  ASSERT_TRUE(Begin().ok());
  client_->Proceed();
  client_.reset();
  EXPECT_EQ(updates_, (Lines{"(still)", "(moves)"}));
  // The queue must not run any more.
  EXPECT_TRUE(Eventually([this] { return snapshotd_.ended == 1; }));
}

}  // namespace
}  // namespace toolboxd
