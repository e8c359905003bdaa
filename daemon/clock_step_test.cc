// SPDX-License-Identifier: Apache-2.0

// A wall clock that is set while a call of gRPC runs.

#include <chrono>

#include "absl/time/time.h"
#include "base/steady_time.h"
#include "base/steady_waits.h"
#include "base/testing/stepped_clock.h"
#include "daemon/channel.h"
#include "daemon/testing/server_fixture.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class ClockStepTest : public ServerTest {
 protected:
  static void SetUpTestSuite() {
    UseSteadyWaits();
    ServerTest::SetUpTestSuite();
  }

  ClockStepTest() { StartServer(); }

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
