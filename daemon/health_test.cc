// SPDX-License-Identifier: Apache-2.0

#include "daemon/health.h"

#include "base/testing/eventually.h"
#include "daemon/channel.h"
#include "daemon/testing/all_watches.h"
#include "daemon/testing/server_fixture.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

using HealthTest = ServerTest;

TEST_F(HealthTest, HealthKnowsProcessAndServices) {
  StartServer();
  auto channel = ConnectUnix(path_);
  HealthCheckResponse response;
  for (const char* service : {"", "toolboxd.v1.Power"}) {
    ASSERT_TRUE(CheckHealth(channel, service, &response).ok());
    EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  }
  EXPECT_EQ(CheckHealth(channel, "nobody").error_code(), grpc::StatusCode::NOT_FOUND);
  server_->health().SetServing("toolboxd.v1.Power", false);
  ASSERT_TRUE(CheckHealth(channel, "toolboxd.v1.Power", &response).ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
}

TEST_F(HealthTest, WatchReportsEveryChangeAndServicesThatComeLater) {
  StartServer();
  auto stub = Health::NewStub(ConnectUnix(path_));
  HealthCheckRequest request;
  request.set_service("later");
  HealthCheckResponse response;
  grpc::ClientContext context;
  auto stream = stub->Watch(&context, request);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVICE_UNKNOWN);
  server_->health().SetServing("later", true);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  server_->health().SetServing("other", false);
  server_->health().SetServing("later", false);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  context.TryCancel();
  stream->Finish();
}

TEST_F(HealthTest, WatchStreamsEndWithTheServer) {
  StartServer();
  auto stub = Health::NewStub(ConnectUnix(path_));
  HealthCheckRequest request;
  HealthCheckResponse response;
  grpc::ClientContext context;
  auto stream = stub->Watch(&context, request);
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::SERVING);
  server_->Stop();
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(stream->Read(&response));
  // The connection closes right after the status, which a client that is just writing loses.
  const grpc::Status status = stream->Finish();
  EXPECT_TRUE(status.ok() || status.error_code() == grpc::StatusCode::UNAVAILABLE)
      << status.error_message();
}

TEST_F(HealthTest, WatchStreamsAreLimitedAndEndWithTheirConnection) {
  StartServer();
  HealthCheckRequest request;
  HealthCheckResponse response;
  {
    auto channel = ConnectUnix(path_);
    auto stub = Health::NewStub(channel);
    const AllWatches watches(channel);
    grpc::ClientContext context;
    auto refused = stub->Watch(&context, request);
    EXPECT_FALSE(refused->Read(&response));
    EXPECT_EQ(refused->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_TRUE(CheckHealth(channel, "").ok());
  }
  EXPECT_TRUE(Eventually([this] { return server_->health().watches() == 0; }));
}

}  // namespace
}  // namespace toolboxd
