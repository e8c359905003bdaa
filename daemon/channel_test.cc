// SPDX-License-Identifier: Apache-2.0

#include "daemon/channel.h"

#include <future>
#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "base/testing/eventually.h"
#include "daemon/server.h"
#include "daemon/testing/server_fixture.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "third_party/grpc/replaced.h"

namespace toolboxd {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

grpc::StatusCode Check(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout,
                       bool wait_for_ready) {
  HealthCheckResponse response;
  grpc::ClientContext context;
  SetTimeout(timeout, &context);
  context.set_wait_for_ready(wait_for_ready);
  return Health::NewStub(channel)->Check(&context, HealthCheckRequest(), &response).error_code();
}

using ChannelTest = ServerTest;

TEST_F(ChannelTest, CallFailsAtOnceWithoutADaemonAndWorksWithOne) {
  auto channel = ConnectUnix(path_);
  EXPECT_EQ(Check(channel, kPatience, false), grpc::StatusCode::UNAVAILABLE);
  StartServer();
  EXPECT_EQ(Check(channel, kPatience, true), grpc::StatusCode::OK);
}

TEST_F(ChannelTest, RestartedDaemonIsFoundAgain) {
  auto channel = ConnectUnix(path_);
  for (int i = 0; i < 3; ++i) {
    StartServer();
    // The first call may still use the connection to the instance before (poll_strategy.h).
    EXPECT_TRUE(
        Eventually([&channel] { return Check(channel, kPatience, true) == grpc::StatusCode::OK; }));
    StopServer();
  }
}

TEST_F(ChannelTest, CallWaitsForADaemonThatIsSlowToStart) {
  // The socket is there, as with socket activation; its daemon accepts later.
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(options_);
  ASSERT_TRUE(server.ok());
  server_ = *std::move(server);
  auto channel = ConnectUnix(path_);
  auto check =
      std::async(std::launch::async, [&channel] { return Check(channel, kPatience, false); });
  absl::SleepFor(absl::Milliseconds(600));
  run_ = std::async(std::launch::async, [this] { return server_->Run(); });
  EXPECT_EQ(check.get(), grpc::StatusCode::OK);
}

TEST_F(ChannelTest, DeadlinesHoldAgainstAHungDaemon) {
  absl::StatusOr<std::unique_ptr<Server>> never_run = Server::Create(options_);
  ASSERT_TRUE(never_run.ok());
  EXPECT_EQ(Check(ConnectUnix(path_), absl::Milliseconds(100), false),
            grpc::StatusCode::DEADLINE_EXCEEDED);
}

// Answers "serving", by 100 kB that gzip has made small.
class CompressingHealth final : public Health::Service {
 public:
  grpc::Status Check(grpc::ServerContext* context, const HealthCheckRequest*,
                     HealthCheckResponse* response) override {
    context->set_compression_algorithm(GRPC_COMPRESS_GZIP);
    response->set_status(HealthCheckResponse::SERVING);
    HealthCheckResponse::GetReflection()->MutableUnknownFields(response)->AddLengthDelimited(
        100, std::string(100000, 'x'));
    return grpc::Status::OK;
  }
};

// T4 of tests/attacks/README.md: gRPC's limit for a message counts before it is decompressed.
TEST_F(ChannelTest, CompressedRepliesAreRefused) {
  CompressingHealth health;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + path_, grpc::InsecureServerCredentials());
  builder.RegisterService(&health);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  ASSERT_NE(server, nullptr);
  EXPECT_NE(Check(ConnectUnix(path_), kPatience, true), grpc::StatusCode::OK);
}

TEST_F(ChannelTest, ChannelsToOnePathHaveConnectionsOfTheirOwn) {
  StartServer();
  auto first = ConnectUnix(path_);
  auto second = ConnectUnix(path_);
  EXPECT_EQ(Check(first, kPatience, true), grpc::StatusCode::OK);
  EXPECT_EQ(Check(second, kPatience, true), grpc::StatusCode::OK);
  EXPECT_EQ(server_->open_connections(), 2);
}

#if TOOLBOXD_REPLACES_PARTS_OF_GRPC
// third_party/grpc/parts.cc: no program looks a name up, whatever asks it to. Other versions of
// gRPC keep all of their parts.
TEST_F(ChannelTest, ProgramHasNoResolverOfNames) {
  HealthCheckResponse response;
  grpc::ClientContext context;
  SetTimeout(kPatience, &context);
  const auto channel =
      grpc::CreateChannel("dns:///localhost:1", grpc::InsecureChannelCredentials());
  const grpc::Status status =
      Health::NewStub(channel)->Check(&context, HealthCheckRequest(), &response);
  EXPECT_EQ(status.error_message(), "Failed to create secure client channel");
}
#endif

}  // namespace
}  // namespace toolboxd
