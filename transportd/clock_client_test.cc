// SPDX-License-Identifier: Apache-2.0

#include "transportd/clock_client.h"

#include <atomic>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/steady_time.h"
#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/clock.grpc.pb.h"
#include "transportd/testing/run_queue.h"
#include "transportd/testing/unix_server.h"

namespace toolboxd {
namespace {

using testing::ElementsAre;

// Serves steps and rates as its behaviour says, and sets no clock.
class FakeClockd final : public v1::Clock::Service {
 public:
  enum class Behaviour { kNormal, kRefuses, kHangs, kDies };

  grpc::Status Step(grpc::ServerContext* context, const v1::StepRequest*, v1::StepReply*) override {
    ++steps;
    if (behaviour == Behaviour::kHangs) return Hang(context);
    return Outcome();
  }
  grpc::Status Slew(grpc::ServerContext* context,
                    grpc::ServerReaderWriter<v1::SlewReply, v1::SlewRequest>* stream) override {
    ++calls;
    if (behaviour == Behaviour::kHangs) return Hang(context);
    v1::SlewRequest request;
    while (stream->Read(&request)) {
      if (behaviour != Behaviour::kNormal) return Outcome();
      {
        absl::MutexLock lock(&mutex);
        ticks.push_back(request.tick_us());
      }
      stream->Write(v1::SlewReply());
    }
    ++ended;
    return grpc::Status::OK;
  }
  grpc::Status GetClockStatus(grpc::ServerContext*, const v1::GetClockStatusRequest*,
                              v1::ClockStatus* status) override {
    status->set_tick_us(10016);
    return Outcome();
  }
  std::vector<uint32_t> Ticks() {
    absl::MutexLock lock(&mutex);
    return ticks;
  }

  std::atomic<Behaviour> behaviour{Behaviour::kNormal};
  std::atomic<int> steps{0}, calls{0}, ended{0}, cancelled{0};
  absl::Mutex mutex;
  std::vector<uint32_t> ticks ABSL_GUARDED_BY(mutex);

 private:
  grpc::Status Outcome() {
    if (behaviour == Behaviour::kRefuses) {
      return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "another's");
    }
    if (behaviour == Behaviour::kDies) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "died");
    return grpc::Status::OK;
  }
  grpc::Status Hang(grpc::ServerContext* context) {
    while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(5));
    ++cancelled;
    return grpc::Status::CANCELLED;
  }
};

class ClockClientTest : public testing::Test {
 protected:
  using Behaviour = FakeClockd::Behaviour;

  void Slew(uint32_t tick) {
    v1::SlewRequest request;
    request.set_tick_us(tick);
    client_->Slew(request, [this](const absl::Status& why) { ends_.push_back(why); });
  }
  template <typename Done>
  void RunUntil(Done done) {
    RunQueueUntil(queue_, done);
  }

  ShortTempDir folder_;
  const std::string socket_ = folder_.File("clockd.sock");
  FakeClockd clockd_;
  UnixServer server_{socket_, &clockd_};
  TaskQueue queue_;
  StatusBoard board_;
  std::vector<absl::Status> ends_;
  std::unique_ptr<ClockClient> client_ = std::make_unique<ClockClient>(
      socket_, &queue_, &board_, ClockLimits{.step = absl::Milliseconds(200)});
};

// clockd exits when it has no connection.
TEST_F(ClockClientTest, StepIsACallOfItsOwnConnection) {
  EXPECT_TRUE(client_->Step({}).ok());
  EXPECT_EQ(clockd_.steps, 1);
  RunUntil([&] { return server_.Connections() == 0; });
  EXPECT_EQ(board_.Get().services(0).calls(), 1);
}

TEST_F(ClockClientTest, RefusedStepKeepsItsReason) {
  clockd_.behaviour = Behaviour::kRefuses;
  EXPECT_TRUE(absl::IsFailedPrecondition(client_->Step({})));
  EXPECT_EQ(board_.Get().services(0).failures(), 1);
}

TEST_F(ClockClientTest, ClockdThatNeverAnswersIsWaitedForOnce) {
  clockd_.behaviour = Behaviour::kHangs;
  EXPECT_TRUE(absl::IsDeadlineExceeded(client_->Step({})));
  const absl::Time begin = SteadyNow();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(absl::IsUnavailable(client_->Step({})));
  EXPECT_LT(SteadyNow() - begin, absl::Milliseconds(200));
  EXPECT_EQ(clockd_.steps, 1);
}

TEST_F(ClockClientTest, RatesFollowEachOtherInOneCall) {
  Slew(10016);
  RunUntil([&] { return clockd_.Ticks().size() == 1; });
  Slew(10008);
  RunUntil([&] { return clockd_.Ticks().size() == 2; });
  EXPECT_THAT(clockd_.Ticks(), ElementsAre(10016, 10008));
  EXPECT_EQ(clockd_.calls, 1);
  client_->EndSlew();
  RunUntil([&] { return clockd_.ended == 1 && server_.Connections() == 0; });
  EXPECT_TRUE(ends_.empty());
}

TEST_F(ClockClientTest, RateEndsWithTheClient) {
  Slew(10016);
  RunUntil([&] { return clockd_.Ticks().size() == 1; });
  client_.reset();
  RunUntil([&] { return clockd_.ended == 1; });
}

TEST_F(ClockClientTest, RefusedRateIsReportedOnceAndTheNextIsAnotherCall) {
  clockd_.behaviour = Behaviour::kRefuses;
  Slew(10016);
  RunUntil([&] { return !ends_.empty(); });
  clockd_.behaviour = Behaviour::kNormal;
  Slew(10008);
  RunUntil([&] { return clockd_.Ticks().size() == 1; });
  ASSERT_EQ(ends_.size(), 1);
  EXPECT_TRUE(absl::IsFailedPrecondition(ends_[0]));
  EXPECT_EQ(clockd_.calls, 2);
}

// clockd exits when it has no connection: that must not wait for the channel's thread.
TEST_F(ClockClientTest, RateThatEndsByItselfLeavesNoConnection) {
  clockd_.behaviour = Behaviour::kRefuses;
  Slew(10016);
  EXPECT_TRUE(Eventually([&] { return clockd_.calls == 1 && server_.Connections() == 0; }));
  EXPECT_TRUE(ends_.empty());
  RunUntil([&] { return !ends_.empty(); });
}

TEST_F(ClockClientTest, DeathOfClockdIsReported) {
  clockd_.behaviour = Behaviour::kDies;
  Slew(10016);
  RunUntil([&] { return !ends_.empty(); });
  EXPECT_TRUE(absl::IsUnavailable(ends_[0]));
}

TEST_F(ClockClientTest, ClockdThatNeverAnswersHoldsUpNothing) {
  clockd_.behaviour = Behaviour::kHangs;
  const absl::Time begin = SteadyNow();
  for (uint32_t i = 0; i < 100; ++i) Slew(10000 + i);
  EXPECT_LT(SteadyNow() - begin, absl::Seconds(1));
  RunUntil([&] { return clockd_.calls == 1; });
  client_->EndSlew();
  RunUntil([&] { return clockd_.cancelled == 1; });
  EXPECT_TRUE(ends_.empty());
}

TEST_F(ClockClientTest, StatusIsClockds) {
  const auto status = [this] {
    grpc::ClientContext context;
    return client_->GetStatus(context);
  };
  EXPECT_EQ(status()->tick_us(), 10016);
  clockd_.behaviour = Behaviour::kDies;
  EXPECT_TRUE(absl::IsUnavailable(status().status()));
}

}  // namespace
}  // namespace toolboxd
