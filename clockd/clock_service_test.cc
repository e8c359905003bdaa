// SPDX-License-Identifier: Apache-2.0

#include "clockd/clock_service.h"

#include <memory>
#include <optional>
#include <thread>

#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "clockd/testing/fake_kernel.h"
#include "daemon/channel.h"
#include "daemon/testing/running_server.h"
#include "gtest/gtest.h"

namespace toolboxd::clockd {
namespace {

class ClockServiceTest : public testing::Test {
 protected:
  ClockServiceTest() {
    ServerOptions options;
    options.listener.path = dir_.File("sock");
    options.services = {{v1::Clock::service_full_name(), &service_}};
    server_.emplace(std::move(options));
  }

  std::unique_ptr<v1::Clock::Stub> Stub() {
    return v1::Clock::NewStub(ConnectUnix(dir_.File("sock")));
  }
  grpc::StatusCode Step(int64_t delta, int64_t epoch) {
    grpc::ClientContext context;
    v1::StepRequest request;
    request.set_delta_us(delta);
    request.set_epoch_us(epoch);
    request.set_uptime_us(kernel_.clock.realtime - kernel_.clock.epoch);
    v1::StepReply reply;
    return Stub()->Step(&context, request, &reply).error_code();
  }
  v1::ClockStatus Status() {
    grpc::ClientContext context;
    v1::ClockStatus status;
    EXPECT_TRUE(Stub()->GetClockStatus(&context, {}, &status).ok());
    return status;
  }
  static v1::SlewRequest Tick(uint32_t tick, uint32_t lasts = 60) {
    v1::SlewRequest request;
    request.set_tick_us(tick);
    request.set_lasts_seconds(lasts);
    return request;
  }

  ShortTempDir dir_;
  FakeKernel kernel_;
  Discipline discipline_{&kernel_, ""};
  ClockService service_{&discipline_};
  std::optional<RunningServer> server_;
};

TEST_F(ClockServiceTest, StepSetsTheClock) {
  const WallClock before = kernel_.clock;
  EXPECT_EQ(Step(5000000, before.epoch), grpc::StatusCode::OK);
  EXPECT_EQ(kernel_.clock.realtime, before.realtime + 5000000);
  EXPECT_EQ(Step(5000000, before.epoch), grpc::StatusCode::ABORTED);
}

TEST_F(ClockServiceTest, RateLastsAsLongAsItsCall) {
  auto context = std::make_unique<grpc::ClientContext>();
  const auto stub = Stub();
  const auto stream = stub->Slew(context.get());
  v1::SlewReply reply;
  for (const uint32_t tick : {10016u, 10008u}) {
    ASSERT_TRUE(stream->Write(Tick(tick)));
    ASSERT_TRUE(stream->Read(&reply));
    EXPECT_EQ(Status().tick_us(), tick);
    EXPECT_EQ(Status().discipline(), v1::ClockStatus::BY_TOOLBOXD);
  }
  context->TryCancel();
  EXPECT_FALSE(stream->Finish().ok());
  EXPECT_TRUE(Eventually([this] { return Status().tick_us() == 10000; }));
  EXPECT_EQ(Status().discipline(), v1::ClockStatus::NOT_DISCIPLINED);
}

TEST_F(ClockServiceTest, RateEndsWithTheServer) {
  grpc::ClientContext context;
  const auto stub = Stub();
  const auto stream = stub->Slew(&context);
  v1::SlewReply reply;
  ASSERT_TRUE(stream->Write(Tick(10016)));
  ASSERT_TRUE(stream->Read(&reply));
  server_->Stop();
  EXPECT_EQ(kernel_.tick, 10000);
}

TEST_F(ClockServiceTest, RateOfACallerThatHangsEndsByItself) {
  grpc::ClientContext context;
  const auto stub = Stub();
  const auto stream = stub->Slew(&context);
  v1::SlewReply reply;
  ASSERT_TRUE(stream->Write(Tick(10016, 1)));
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_EQ(Status().tick_us(), 10016);
  EXPECT_TRUE(Eventually([this] { return Status().tick_us() == 10000; }));
  // It may go on.
  ASSERT_TRUE(stream->Write(Tick(10008)));
  ASSERT_TRUE(stream->Read(&reply));
  EXPECT_EQ(Status().tick_us(), 10008);
}

TEST_F(ClockServiceTest, RateForNoTimeIsRefused) {
  grpc::ClientContext context;
  const auto stub = Stub();
  const auto stream = stub->Slew(&context);
  v1::SlewReply reply;
  stream->Write(Tick(10016, 0));
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(kernel_.calls.empty());
}

TEST_F(ClockServiceTest, OneRateAtATime) {
  grpc::ClientContext first_context, second_context;
  const auto stub = Stub();
  const auto first = stub->Slew(&first_context);
  v1::SlewReply reply;
  ASSERT_TRUE(first->Write(Tick(10016)));
  ASSERT_TRUE(first->Read(&reply));
  const auto second = stub->Slew(&second_context);
  second->Write(Tick(10008));
  EXPECT_FALSE(second->Read(&reply));
  EXPECT_EQ(second->Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(Status().tick_us(), 10016);
  first->WritesDone();
  EXPECT_FALSE(first->Read(&reply));
  EXPECT_TRUE(first->Finish().ok());
}

TEST_F(ClockServiceTest, RefusedRateEndsTheCall) {
  kernel_.status = STA_PLL;
  grpc::ClientContext context;
  const auto stub = Stub();
  const auto stream = stub->Slew(&context);
  v1::SlewReply reply;
  stream->Write(Tick(10016));
  EXPECT_FALSE(stream->Read(&reply));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(Status().discipline(), v1::ClockStatus::BY_ANOTHER_SERVICE);
}

}  // namespace
}  // namespace toolboxd::clockd
