// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/snapshot_client.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "base/steady_time.h"
#include "base/testing/short_temp_dir.h"
#include "base/unique_fd.h"
#include "daemon/testing/running_server.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using Stream = grpc::ServerReaderWriter<v1::QuiesceUpdate, v1::QuiesceRequest>;

// A snapshotd whose every call is one function of the test.
class FakeQuiesce final : public v1::Quiesce::Service {
 public:
  grpc::Status Run(grpc::ServerContext*, Stream* stream) override { return run(*stream); }
  grpc::Status GetPlan(grpc::ServerContext*, const v1::GetPlanRequest*,
                       v1::QuiescePlan* plan) override {
    plan->add_freeze()->set_mount_point("/srv");
    plan->set_more_skipped(7);
    return grpc::Status::OK;
  }

  std::function<grpc::Status(Stream& stream)> run;
};

// The next request that is not a sign of life; not set if the caller has gone.
v1::QuiesceRequest Next(Stream& stream) {
  v1::QuiesceRequest request;
  while (stream.Read(&request)) {
    if (!request.has_alive()) return request;
  }
  return v1::QuiesceRequest();
}

bool SendReady(Stream& stream) {
  v1::QuiesceUpdate update;
  update.mutable_ready();
  return stream.Write(update);
}
bool SendFrozen(Stream& stream) {
  v1::QuiesceUpdate update;
  update.mutable_frozen()->add_file_systems()->set_mount_point("/srv");
  return stream.Write(update);
}
bool SendThawed(Stream& stream) {
  v1::QuiesceUpdate update;
  update.mutable_thawed()->set_frozen_us(42);
  update.mutable_thawed()->add_file_systems()->set_mount_point("/srv");
  return stream.Write(update);
}
bool SendFailure(Stream& stream, v1::QuiesceFailure::Kind kind, const std::string& message) {
  v1::QuiesceUpdate update;
  update.mutable_failure()->set_kind(kind);
  update.mutable_failure()->set_message(message);
  return stream.Write(update);
}
bool SendDone(Stream& stream) {
  v1::QuiesceUpdate update;
  update.mutable_done();
  return stream.Write(update);
}

class SnapshotClientTest : public ::testing::Test {
 protected:
  SnapshotClientTest() {
    ServerOptions options;
    options.listener.path = socket_;
    options.services = {{v1::Quiesce::service_full_name(), &service_}};
    server_.emplace(std::move(options));
  }
  ~SnapshotClientTest() override { server_->Stop(); }

  absl::StatusOr<TrialResult> Try() { return SnapshotClient(socket_).Try(options_); }

  ShortTempDir dir_;
  const std::string socket_ = dir_.File("snapshotd.sock");
  FakeQuiesce service_;
  std::optional<RunningServer> server_;
  const UniqueFd stop_{eventfd(0, EFD_CLOEXEC)};
  TrialOptions options_{.hold = absl::ZeroDuration(), .stop = stop_.get()};
};

TEST_F(SnapshotClientTest, PlanIsAskedFor) {
  const absl::StatusOr<v1::QuiescePlan> plan = SnapshotClient(socket_).GetPlan();
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->freeze(0).mount_point(), "/srv");
  EXPECT_EQ(plan->more_skipped(), 7u);
}

TEST_F(SnapshotClientTest, TrialGoesThroughAllSteps) {
  v1::QuiesceStart start;
  service_.run = [&start](Stream& stream) {
    start = Next(stream).start();
    EXPECT_TRUE(SendReady(stream));
    EXPECT_TRUE(Next(stream).has_proceed());
    EXPECT_TRUE(SendFrozen(stream));
    EXPECT_TRUE(Next(stream).has_snapshot_done());
    EXPECT_TRUE(SendThawed(stream) && SendDone(stream));
    return grpc::Status::OK;
  };
  const absl::StatusOr<TrialResult> result = Try();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->thawed);
  EXPECT_EQ(result->file_systems.frozen_us(), 42u);
  EXPECT_TRUE(result->failures.empty());
  EXPECT_TRUE(start.has_freeze_file_systems() && start.freeze_file_systems());
  EXPECT_TRUE(start.has_run_scripts() && !start.run_scripts());
  EXPECT_FALSE(start.create_manifest());
  options_.run_scripts = true;
  ASSERT_TRUE(Try().ok());
  EXPECT_TRUE(start.run_scripts());
}

TEST_F(SnapshotClientTest, EverythingStaysFrozenAsLongAsRequested) {
  options_.hold = absl::Milliseconds(50);
  absl::Duration held;
  service_.run = [&held](Stream& stream) {
    Next(stream);
    SendReady(stream);
    Next(stream);
    const absl::Time frozen = SteadyNow();
    SendFrozen(stream);
    EXPECT_TRUE(Next(stream).has_snapshot_done());
    held = SteadyNow() - frozen;
    SendThawed(stream);
    SendDone(stream);
    return grpc::Status::OK;
  };
  EXPECT_TRUE(Try().ok());
  EXPECT_GE(held, options_.hold);
}

TEST_F(SnapshotClientTest, SignsOfLifeGoOnWhileSnapshotdIsBusy) {
  options_.alive_interval = absl::Milliseconds(1);
  service_.run = [](Stream& stream) {
    Next(stream);
    SendReady(stream);
    Next(stream);
    v1::QuiesceRequest request;
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(stream.Read(&request) && request.has_alive());
    SendFrozen(stream);
    EXPECT_TRUE(Next(stream).has_snapshot_done());
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(stream.Read(&request) && request.has_alive());
    SendThawed(stream);
    SendDone(stream);
    return grpc::Status::OK;
  };
  EXPECT_TRUE(Try().ok());
}

TEST_F(SnapshotClientTest, MessagesEndWithDone) {
  service_.run = [](Stream& stream) {
    Next(stream);
    EXPECT_TRUE(SendReady(stream));
    EXPECT_TRUE(Next(stream).has_proceed());
    EXPECT_TRUE(SendDone(stream));
    v1::QuiesceRequest request;
    EXPECT_FALSE(stream.Read(&request)) << request.DebugString();
    return grpc::Status::OK;
  };
  const absl::StatusOr<TrialResult> result = Try();
  EXPECT_TRUE(result.ok()) << result.status();
}

TEST_F(SnapshotClientTest, FailureIsPartOfTheResult) {
  service_.run = [](Stream& stream) {
    Next(stream);
    SendReady(stream);
    Next(stream);
    SendFailure(stream, v1::QuiesceFailure::FREEZE_FAILED, "busy");
    SendDone(stream);
    return grpc::Status::OK;
  };
  const absl::StatusOr<TrialResult> result = Try();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->thawed);
  ASSERT_EQ(result->failures.size(), 1u);
  EXPECT_EQ(result->failures[0].kind(), v1::QuiesceFailure::FREEZE_FAILED);
  EXPECT_EQ(result->failures[0].message(), "busy");
}

TEST_F(SnapshotClientTest, StopAbortsAndWaitsForTheEnd) {
  options_.hold = absl::Seconds(3600);
  service_.run = [this](Stream& stream) {
    Next(stream);
    SendReady(stream);
    Next(stream);
    SendFrozen(stream);
    eventfd_write(stop_.get(), 1);
    EXPECT_TRUE(Next(stream).has_abort());
    SendFailure(stream, v1::QuiesceFailure::ABORTED, "");
    SendDone(stream);
    return grpc::Status::OK;
  };
  const absl::StatusOr<TrialResult> result = Try();
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->failures.size(), 1u);
  EXPECT_EQ(result->failures[0].kind(), v1::QuiesceFailure::ABORTED);
}

TEST_F(SnapshotClientTest, SecondStopDoesNotWait) {
  options_.hold = absl::Seconds(3600);
  service_.run = [this](Stream& stream) {
    Next(stream);
    eventfd_write(stop_.get(), 1);
    EXPECT_TRUE(Next(stream).has_abort());
    eventfd_write(stop_.get(), 1);
    // The caller goes, nothing follows.
    EXPECT_EQ(Next(stream).step_case(), v1::QuiesceRequest::STEP_NOT_SET);
    return grpc::Status::OK;
  };
  EXPECT_TRUE(absl::IsCancelled(Try().status())) << Try().status();
}

TEST_F(SnapshotClientTest, RefusalKeepsItsWords) {
  service_.run = [](Stream&) {
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "another snapshot runs");
  };
  EXPECT_EQ(Try().status().message(), "another snapshot runs");
}

TEST_F(SnapshotClientTest, CallThatEndsEarlyIsAnError) {
  service_.run = [](Stream& stream) {
    Next(stream);
    SendReady(stream);
    return grpc::Status::OK;
  };
  EXPECT_EQ(Try().status().message(), "snapshotd ended the call before the snapshot was done");
}

TEST(SnapshotClient, MissingServiceIsExplained) {
  ShortTempDir dir;
  SnapshotClient client(dir.File("snapshotd.sock"));
  const std::string expected =
      "snapshotd does not run: there is no socket " + dir.File("snapshotd.sock");
  EXPECT_TRUE(absl::StartsWith(client.GetPlan().status().message(), expected))
      << client.GetPlan().status();
  EXPECT_TRUE(absl::StartsWith(client.Try({}).status().message(), expected))
      << client.Try({}).status();
}

}  // namespace
}  // namespace toolboxd
