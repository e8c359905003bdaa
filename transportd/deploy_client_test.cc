// SPDX-License-Identifier: Apache-2.0

#include "transportd/deploy_client.h"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/steady_time.h"
#include "base/testing/short_temp_dir.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/customization.grpc.pb.h"
#include "transportd/testing/run_queue.h"
#include "transportd/testing/unix_server.h"

namespace toolboxd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Serves inboxes and deployments as its behaviour says.
class FakeDeployd final : public v1::Customization::Service {
 public:
  enum class Behaviour { kNormal, kRefuses, kHangs, kStateFirst, kDies, kWaits, kOddInbox };

  grpc::Status Begin(grpc::ServerContext* context, const v1::BeginRequest*,
                     v1::BeginReply* reply) override {
    if (behaviour == Behaviour::kHangs) return Hang(context);
    reply->set_directory(behaviour == Behaviour::kOddInbox ? "inbox"
                                                           : absl::StrCat("/in-", ++inboxes, "/"));
    return grpc::Status::OK;
  }

  grpc::Status Deploy(grpc::ServerContext* context, const v1::DeployRequest* request,
                      grpc::ServerWriter<v1::DeployUpdate>* writer) override {
    v1::DeployUpdate update;
    if (behaviour == Behaviour::kHangs) return Hang(context);
    if (behaviour == Behaviour::kRefuses) {
      update.mutable_refused()->set_state(3);
      update.mutable_refused()->set_code(5);
      update.mutable_refused()->set_message(request->package_path());
      writer->Write(update);
      return grpc::Status::OK;
    }
    if (behaviour != Behaviour::kStateFirst) {
      update.mutable_accepted();
      writer->Write(update);
    }
    update.mutable_state()->set_state(4);
    writer->Write(update);
    if (behaviour == Behaviour::kWaits) return Hang(context);
    if (behaviour == Behaviour::kDies) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "died");
    }
    update.mutable_state()->set_state(5);
    writer->Write(update);
    return grpc::Status::OK;
  }

  std::atomic<Behaviour> behaviour{Behaviour::kNormal};
  std::atomic<int> inboxes{0};
  std::atomic<int> cancelled{0};

 private:
  grpc::Status Hang(grpc::ServerContext* context) {
    while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(5));
    ++cancelled;
    return grpc::Status::CANCELLED;
  }
};

class DeployClientTest : public testing::Test {
 protected:
  using Behaviour = FakeDeployd::Behaviour;

  customization::Deployer::OnState Record() {
    return [this](const v1::DeployState& state) {
      states_.push_back(absl::StrCat(state.state(), " ", state.code(), " ", state.message()));
    };
  }
  template <typename Done>
  void RunUntil(Done done) {
    RunQueueUntil(queue_, done);
  }

  ShortTempDir folder_;
  const std::string socket_ = folder_.File("deployd.sock");
  FakeDeployd deployd_;
  UnixServer server_{socket_, &deployd_};
  TaskQueue queue_;
  StatusBoard board_;
  std::vector<std::string> states_;
  DeployClient client_{
      socket_, &queue_, &board_, {.start = absl::Seconds(1), .inbox = absl::Milliseconds(300)}};
};

TEST_F(DeployClientTest, StatesComeInOrderAndTheInboxEndsWithThem) {
  EXPECT_EQ(client_.inbox(), nullptr);
  EXPECT_EQ(client_.Begin().value(), "/in-1/");
  EXPECT_NE(client_.inbox(), nullptr);
  const auto first = client_.Deploy("/in-1/a", Record());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(first->has_accepted());
  EXPECT_THAT(states_, IsEmpty());
  RunUntil([&] { return client_.inbox() == nullptr; });
  EXPECT_THAT(states_, ElementsAre("4 0 ", "5 0 "));
}

// deployd exits when it has no connection.
TEST_F(DeployClientTest, ConnectionEndsWithTheDeployment) {
  ASSERT_TRUE(client_.Begin().ok());
  EXPECT_EQ(server_.Connections(), 1);
  ASSERT_TRUE(client_.Deploy("/in-1/a", Record()).ok());
  RunUntil([&] { return server_.Connections() == 0; });
  deployd_.behaviour = Behaviour::kRefuses;
  ASSERT_TRUE(client_.Begin().ok());
  ASSERT_TRUE(client_.Deploy("/in-1/none", Record()).ok());
  RunUntil([&] { return server_.Connections() == 0; });
}

TEST_F(DeployClientTest, RefusedPackageHasNoStates) {
  deployd_.behaviour = Behaviour::kRefuses;
  ASSERT_TRUE(client_.Begin().ok());
  EXPECT_EQ(client_.Deploy("/in-1/none", Record())->refused().message(), "/in-1/none");
  EXPECT_EQ(client_.inbox(), nullptr);
  EXPECT_THAT(states_, IsEmpty());
}

TEST_F(DeployClientTest, DeployNeedsAnInboxThatWasNotDeployed) {
  EXPECT_TRUE(absl::IsFailedPrecondition(client_.Deploy("/x", Record()).status()));
  deployd_.behaviour = Behaviour::kWaits;
  ASSERT_TRUE(client_.Begin().ok());
  ASSERT_TRUE(client_.Deploy("/in-1/a", Record()).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(client_.Deploy("/in-1/a", Record()).status()));
}

TEST_F(DeployClientTest, SecondBeginEndsTheFirstDeploymentWithItsStates) {
  deployd_.behaviour = Behaviour::kWaits;
  ASSERT_TRUE(client_.Begin().ok());
  ASSERT_TRUE(client_.Deploy("/in-1/a", Record()).ok());
  EXPECT_EQ(client_.Begin().value(), "/in-2/");
  RunUntil([&] { return deployd_.cancelled == 1; });
  EXPECT_THAT(states_, IsEmpty());
  EXPECT_NE(client_.inbox(), nullptr);
}

TEST_F(DeployClientTest, DeployedPackageWhoseDeploydDiesIsReportedAsFailed) {
  deployd_.behaviour = Behaviour::kDies;
  ASSERT_TRUE(client_.Begin().ok());
  ASSERT_TRUE(client_.Deploy("/in-1/a", Record()).ok());
  RunUntil([&] { return states_.size() == 2; });
  EXPECT_THAT(states_, ElementsAre("4 0 ", HasSubstr("4 100 @deployd failed: died")));
}

TEST_F(DeployClientTest, DeploydThatHangsOrSpeaksOutOfTurnIsAnError) {
  ASSERT_TRUE(client_.Begin().ok());
  deployd_.behaviour = Behaviour::kHangs;
  EXPECT_TRUE(absl::IsDeadlineExceeded(client_.Deploy("/in-1/a", Record()).status()));
  EXPECT_TRUE(absl::IsDeadlineExceeded(client_.Begin().status()));
  deployd_.behaviour = Behaviour::kOddInbox;
  EXPECT_TRUE(absl::IsInternal(client_.Begin().status()));
  deployd_.behaviour = Behaviour::kStateFirst;
  ASSERT_TRUE(client_.Begin().ok());
  EXPECT_TRUE(absl::IsInternal(client_.Deploy("/in-1/a", Record()).status()));
  EXPECT_THAT(states_, IsEmpty());
}

TEST_F(DeployClientTest, InboxThatIsNotUsedEnds) {
  ASSERT_TRUE(client_.Begin().ok());
  RunUntil([&] { return client_.inbox() == nullptr; });
}

TEST_F(DeployClientTest, InboxThatBeganLaterEndsLater) {
  ASSERT_TRUE(client_.Begin().ok());
  queue_.RunUntil(SteadyNow() + absl::Milliseconds(100));
  const absl::Time begin = SteadyNow();
  ASSERT_TRUE(client_.Begin().ok());
  RunUntil([&] { return client_.inbox() == nullptr; });
  EXPECT_GE(SteadyNow() - begin, absl::Milliseconds(300));
}

TEST_F(DeployClientTest, AnyNumberOfInboxesHasOneTimer) {
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client_.Begin().ok());
  EXPECT_EQ(queue_.size(), 1u);
}

// Else open files keep the connection, and deployd runs on.
TEST_F(DeployClientTest, EveryEndOfAnInboxClosesItsFiles) {
  int closed = 0;
  client_.set_on_inbox_closed([&closed] { ++closed; });
  ASSERT_TRUE(client_.Begin().ok());
  EXPECT_EQ(closed, 0);
  ASSERT_TRUE(client_.Begin().ok());
  EXPECT_EQ(closed, 1);
  RunUntil([&] { return client_.inbox() == nullptr; });
  EXPECT_EQ(closed, 2);
  ASSERT_TRUE(client_.Begin().ok());
  ASSERT_TRUE(client_.Deploy("/in-3/a", Record()).ok());
  RunUntil([&] { return client_.inbox() == nullptr; });
  EXPECT_EQ(closed, 3);
}

TEST_F(DeployClientTest, MissingDeploydIsUnavailable) {
  DeployClient client(folder_.File("none.sock"), &queue_, &board_);
  EXPECT_TRUE(absl::IsUnavailable(client.Begin().status()));
}

}  // namespace
}  // namespace toolboxd
