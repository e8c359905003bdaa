// SPDX-License-Identifier: Apache-2.0

#include "daemon/poll_strategy.h"

#include <memory>

#include "absl/time/clock.h"
#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "daemon/channel.h"
#include "daemon/health.h"
#include "daemon/quiet_engine.h"
#include "daemon/quiet_timers.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using grpc::health::v1::Health;

class PollStrategyTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    UsePollStrategy();
    InstallQuietEngine();
    InstallQuietTimers();
  }

  std::unique_ptr<grpc::Server> Serve() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + dir_.File("socket"), grpc::InsecureServerCredentials());
    builder.RegisterService(&health_);
    return builder.BuildAndStart();
  }

  grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel) {
    grpc::ClientContext context;
    SetTimeout(absl::Seconds(20), &context);
    grpc::health::v1::HealthCheckResponse reply;
    return Health::NewStub(channel)->Check(&context, {}, &reply);
  }

  ShortTempDir dir_;
  HealthService health_;
};

// Without a server: its own timers are for hours.
TEST_F(PollStrategyTest, ChannelWithoutACallSetsNoTimer) {
  const std::shared_ptr<grpc::Channel> channel = ConnectUnix(dir_.File("missing"));
  ASSERT_FALSE(Call(channel).ok());
  EXPECT_TRUE(Eventually([] { return PendingGrpcTimers() == 0; }));
}

// Nothing has looked at the connection meanwhile.
TEST_F(PollStrategyTest, ServerThatWasReplacedWhileIdleIsFoundByTheSecondCall) {
  std::unique_ptr<grpc::Server> server = Serve();
  const std::shared_ptr<grpc::Channel> channel = ConnectUnix(dir_.File("socket"));
  ASSERT_TRUE(Call(channel).ok());
  server->Shutdown(absl::ToChronoTime(absl::Now()));
  server = Serve();
  (void)Call(channel);
  EXPECT_TRUE(Call(channel).ok());
}

}  // namespace
}  // namespace toolboxd
