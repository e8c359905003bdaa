// SPDX-License-Identifier: Apache-2.0

#include "daemon/server.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "base/testing/eventually.h"
#include "daemon/channel.h"
#include "daemon/testing/reflection_client.h"
#include "daemon/testing/server_fixture.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/power.grpc.pb.h"

namespace toolboxd {
namespace {

// Has no methods: each call is unimplemented.
class NoPower final : public v1::Power::Service {};

// gRPC's answer to the first call of Power.
grpc::StatusCode PowerAnswer(const std::shared_ptr<grpc::Channel>& channel) {
  grpc::ClientContext context;
  SetTimeout(kPatience, &context);
  const auto stream = v1::Power::NewStub(channel)->ChangeState(&context);
  stream->WritesDone();
  return stream->Finish().error_code();
}

TEST_F(ServerTest, CallersWhoAreNotOfTheFullOnesGetTheLimitedServices) {
  NoPower less;
  options_.limited.emplace();
  options_.limited->services = {{v1::Power::service_full_name(), &less}};
  for (const bool full : {false, true}) {
    options_.limited->full = AllowedCallers();
    options_.limited->full.set_root_allowed(false);
    if (full) options_.limited->full.AllowUser(getuid());
    StartServer();
    EXPECT_EQ(PowerAnswer(ConnectUnix(path_)),
              full ? grpc::StatusCode::OK : grpc::StatusCode::UNIMPLEMENTED);
    // Health and reflection are everybody's.
    EXPECT_TRUE(CheckHealth(ConnectUnix(path_), v1::Power::service_full_name()).ok());
    StopServer();
  }
}

TEST_F(ServerTest, ReflectionListsAndDescribesEveryService) {
  StartServer();
  auto channel = ConnectUnix(path_);
  absl::StatusOr<std::set<std::string>> names = ListServices(channel);
  ASSERT_TRUE(names.ok()) << names.status();
  EXPECT_EQ(*names, (std::set<std::string>{"grpc.health.v1.Health",
                                           "grpc.reflection.v1alpha.ServerReflection",
                                           "toolboxd.v1.Power"}));
  for (const std::string& name : *names) EXPECT_TRUE(*Describes(channel, name)) << name;
  EXPECT_TRUE(*Describes(channel, "toolboxd.v1.ChangeStateUpdate"));
  EXPECT_FALSE(*Describes(channel, "toolboxd.v1.Nothing"));
}

// Streams take a thread each: what is beyond the limit is refused, and nothing hangs.
TEST_F(ServerTest, CallsBeyondTheThreadLimitAreRefused) {
  constexpr int kThreads = 6;
  options_.limits.max_threads = kThreads;
  StartServer();
  auto stub = v1::Power::NewStub(ConnectUnix(path_));
  v1::ChangeStateRequest request;
  v1::ChangeStateUpdate update;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<
      std::unique_ptr<grpc::ClientReaderWriter<v1::ChangeStateRequest, v1::ChangeStateUpdate>>>
      streams;
  int served = 0;
  for (int i = 0; i < 2 * kThreads; ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    SetTimeout(kPatience, contexts.back().get());
    streams.push_back(stub->ChangeState(contexts.back().get()));
    streams.back()->Write(request);
    if (streams.back()->Read(&update)) ++served;
  }
  EXPECT_GE(served, 1);
  EXPECT_LE(served, kThreads);
  int refused = 0;
  for (auto& stream : streams) {
    stream->WritesDone();
    const grpc::Status status = stream->Finish();
    if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) ++refused;
  }
  EXPECT_EQ(refused, 2 * kThreads - served);
  EXPECT_TRUE(CheckHealth(ConnectUnix(path_), "").ok());
}

TEST_F(ServerTest, OversizedMessageEndsItsCallOnly) {
  options_.limits.max_request_bytes = 1000;
  StartServer();
  auto channel = ConnectUnix(path_);
  EXPECT_EQ(CheckHealth(channel, std::string(2000, 'x')).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(CheckHealth(channel, "").ok());
}

TEST_F(ServerTest, RefusedCallerIsDisconnectedWithoutAByte) {
  options_.allowed = AllowedCallers();
  options_.allowed.AllowUser(getuid() + 1);
  options_.allowed.set_root_allowed(false);
  StartServer();
  UniqueFd connection = RawConnect();
  ASSERT_TRUE(connection.ok());
  char byte;
  EXPECT_LE(read(connection.get(), &byte, 1), 0);
  EXPECT_EQ(CheckHealth(ConnectUnix(path_), "").error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_GE(server_->refused_connections(), 2);
  EXPECT_EQ(server_->open_connections(), 0);
}

TEST_F(ServerTest, ConnectionsAreCountedAndForgotten) {
  StartServer();
  UniqueFd first = RawConnect();
  UniqueFd second = RawConnect();
  EXPECT_TRUE(Eventually([this] { return server_->open_connections() == 2; }));
  first.reset();
  EXPECT_TRUE(Eventually([this] { return server_->open_connections() == 1; }));
  second.reset();
  EXPECT_TRUE(Eventually([this] { return server_->open_connections() == 0; }));
}

TEST_F(ServerTest, ConnectionsBeyondTheLimitAreClosed) {
  options_.max_connections = 1;
  StartServer();
  UniqueFd first = RawConnect();
  ASSERT_TRUE(Eventually([this] { return server_->open_connections() == 1; }));
  UniqueFd second = RawConnect();
  EXPECT_TRUE(SeesEnd(second));
  first.reset();
  ASSERT_TRUE(Eventually([this] { return server_->open_connections() == 0; }));
  EXPECT_TRUE(CheckHealth(ConnectUnix(path_), "").ok());
}

TEST_F(ServerTest, SecondInstanceIsRefusedAndTheFirstGoesOn) {
  StartServer();
  absl::StatusOr<std::unique_ptr<Server>> second = Server::Create(options_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists) << second.status();
  EXPECT_TRUE(CheckHealth(ConnectUnix(path_), "").ok());
}

TEST_F(ServerTest, ServerWithoutConnectionsExitsAfterItsIdleTime) {
  options_.idle_exit = absl::Milliseconds(20);
  StartServer();
  EXPECT_TRUE(run_.get().ok());
  EXPECT_EQ(RawConnect().get(), -1);
}

TEST_F(ServerTest, IdleExitWaitsForTheLastConnection) {
  options_.idle_exit = absl::Milliseconds(100);
  StartServer();
  {
    auto channel = ConnectUnix(path_);
    ASSERT_TRUE(CheckHealth(channel, "").ok());
    EXPECT_EQ(run_.wait_for(std::chrono::milliseconds(400)), std::future_status::timeout);
    EXPECT_TRUE(CheckHealth(channel, "").ok());
  }
  EXPECT_TRUE(run_.get().ok());
}

TEST_F(ServerTest, IdleExitWaitsForWorkWithoutAConnection) {
  std::atomic<int> asked{0};
  options_.idle_exit = absl::Milliseconds(5);
  options_.busy = [&asked] { return ++asked < 3; };
  StartServer();
  EXPECT_TRUE(run_.get().ok());
  EXPECT_EQ(asked.load(), 3);
}

TEST_F(ServerTest, FinishedServerEndsWithItsLastConnection) {
  std::atomic<bool> finished{false};
  options_.idle_exit = absl::Hours(1);
  options_.finished = [&finished] { return finished.load(); };
  StartServer();
  ASSERT_TRUE(CheckHealth(ConnectUnix(path_), "").ok());
  ASSERT_TRUE(Eventually([this] { return server_->open_connections() == 0; }));
  {
    auto channel = ConnectUnix(path_);
    ASSERT_TRUE(CheckHealth(channel, "").ok());
    finished = true;
    ASSERT_TRUE(CheckHealth(channel, "").ok());
  }
  EXPECT_TRUE(run_.get().ok());
}

TEST_F(ServerTest, IdleServerDoesNotWakeUp) {
  options_.trim_after = absl::Milliseconds(20);
  StartServer();
  ASSERT_TRUE(CheckHealth(ConnectUnix(path_), "").ok());
  ASSERT_TRUE(Eventually([this] { return server_->open_connections() == 0; }));
  absl::SleepFor(absl::Milliseconds(200));  // Memory is trimmed once.
  const int64_t before = server_->wakeups();
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_EQ(server_->wakeups(), before);
}

TEST_F(ServerTest, SilentConnectionDoesNotDelayTheEnd) {
  StartServer();
  UniqueFd connection = RawConnect();
  ASSERT_TRUE(Eventually([this] { return server_->open_connections() == 1; }));
  server_->Stop();
  EXPECT_TRUE(run_.get().ok());
  EXPECT_TRUE(SeesEnd(connection));
}

TEST_F(ServerTest, SigtermEndsAndSighupReloads) {
  std::atomic<int> reloads{0};
  options_.handle_signals = true;
  options_.on_reload = [&reloads] { ++reloads; };
  StartServer();
  kill(getpid(), SIGHUP);
  EXPECT_TRUE(Eventually([&reloads] { return reloads.load() == 1; }));
  kill(getpid(), SIGTERM);
  EXPECT_TRUE(run_.get().ok());
  server_.reset();
}

}  // namespace
}  // namespace toolboxd
