// SPDX-License-Identifier: Apache-2.0

// A wall clock that is set while a call of gRPC runs.

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "base/steady_time.h"
#include "base/steady_waits.h"
#include "base/testing/short_temp_dir.h"
#include "base/testing/stepped_clock.h"
#include "daemon/channel.h"
#include "daemon/quiet_engine.h"
#include "daemon/server.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class ClockStepTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    UseSteadyWaits();
    InstallQuietEngine();
  }

  ClockStepTest() {
    ServerOptions options;
    options.listener.path = path_;
    options.handle_signals = false;
    absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(options);
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    run_ = std::async(std::launch::async, [this] { return server_->Run(); });
  }
  ~ClockStepTest() override {
    server_->Stop();
    EXPECT_TRUE(run_.get().ok());
  }

  // How long a stream without an end takes that has 300 ms, while the wall clock is set after its
  // first message; its last status is `status_`.
  absl::Duration TimeOfStream(std::chrono::nanoseconds step) {
    grpc::ClientContext context;
    const absl::Time begin = SteadyNow();
    SetTimeout(absl::Milliseconds(300), &context);
    const auto stream = Health::NewStub(ConnectUnix(path_))->Watch(&context, HealthCheckRequest());
    HealthCheckResponse response;
    EXPECT_TRUE(stream->Read(&response));
    StepClock(step);
    EXPECT_FALSE(stream->Read(&response));
    status_ = stream->Finish().error_code();
    StepClock(-step);
    return SteadyNow() - begin;
  }

  ShortTempDir dir_;
  const std::string path_ = dir_.File("socket");
  std::unique_ptr<Server> server_;
  std::future<absl::Status> run_;
  grpc::StatusCode status_ = grpc::StatusCode::OK;
};

TEST_F(ClockStepTest, ClockThatIsSetBackMakesNoCallLonger) {
  EXPECT_LT(TimeOfStream(-std::chrono::hours(1)), absl::Seconds(20));
  EXPECT_EQ(status_, grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(ClockStepTest, ClockThatIsSetForwardMakesNoCallShorter) {
  EXPECT_GE(TimeOfStream(std::chrono::hours(1)), absl::Milliseconds(290));
  EXPECT_EQ(status_, grpc::StatusCode::DEADLINE_EXCEEDED);
}

}  // namespace
}  // namespace toolboxd
