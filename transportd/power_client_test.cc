// SPDX-License-Identifier: Apache-2.0

#include "transportd/power_client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "base/steady_time.h"
#include "base/testing/short_temp_dir.h"
#include "base/unique_fd.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/power.grpc.pb.h"
#include "transportd/testing/run_queue.h"
#include "transportd/testing/unix_server.h"

namespace toolboxd {
namespace {

using Stream = grpc::ServerReaderWriter<v1::ChangeStateUpdate, v1::ChangeStateRequest>;

// Takes the steps of an event as its behaviour says.
class FakePowerd final : public v1::Power::Service {
 public:
  enum class Behaviour { kNormal, kFailedHooks, kBusy, kHangs, kGarbage, kDiesInHooks };

  grpc::Status ChangeState(grpc::ServerContext* context, Stream* stream) override {
    v1::ChangeStateRequest request;
    if (!stream->Read(&request)) return grpc::Status::OK;
    event = request.begin();
    skip_hooks = request.skip_hooks();
    v1::ChangeStateUpdate update;
    switch (behaviour.load()) {
      case Behaviour::kBusy:
        return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION, "another event runs");
      case Behaviour::kHangs:
        while (!context->IsCancelled()) absl::SleepFor(absl::Milliseconds(5));
        return grpc::Status::CANCELLED;
      case Behaviour::kGarbage:
        update.mutable_done();
        stream->Write(update);
        return grpc::Status::OK;
      default:
        break;
    }
    update.mutable_started();
    stream->Write(update);
    if (behaviour == Behaviour::kDiesInHooks) {
      return grpc::Status(grpc::StatusCode::UNAVAILABLE, "died");
    }
    const bool success = behaviour != Behaviour::kFailedHooks;
    update.mutable_hooks_finished()->set_success(success);
    if (!success) update.mutable_hooks_finished()->set_message("10-x failed");
    stream->Write(update);
    if (stream->Read(&request) && request.has_proceed()) {
      ++proceeded;
      update.mutable_done();
      stream->Write(update);
    }
    ++ended;
    return grpc::Status::OK;
  }

  std::atomic<Behaviour> behaviour{Behaviour::kNormal};
  std::atomic<v1::PowerEvent> event{v1::POWER_EVENT_UNSPECIFIED};
  std::atomic<bool> skip_hooks{false};
  std::atomic<int> proceeded{0};
  std::atomic<int> ended{0};
};

class PowerClientTest : public testing::Test {
 protected:
  PowerClientTest() : socket_(folder_.File("powerd.sock")), server_(socket_, &powerd_) {}

  // Records the result of the hooks.
  HooksFinished Finished(bool proceed) {
    return [this, proceed](const absl::Status& hooks) {
      hooks_.push_back(hooks);
      return proceed;
    };
  }

  template <typename Done>
  void RunUntil(Done done) {
    RunQueueUntil(queue_, done);
  }

  ShortTempDir folder_;
  std::string socket_;
  FakePowerd powerd_;
  UnixServer server_;
  TaskQueue queue_;
  StatusBoard board_;
  std::vector<absl::Status> hooks_;
  PowerClient client_{socket_, &queue_, &board_};
};

TEST_F(PowerClientTest, EventProceedsAfterItsHooks) {
  ASSERT_TRUE(client_.Begin(PowerState::kReboot, true, Finished(true)).ok());
  EXPECT_EQ(powerd_.event, v1::REBOOT);
  EXPECT_EQ(powerd_.proceeded, 0);
  RunUntil([this] { return powerd_.ended == 1; });
  ASSERT_EQ(hooks_.size(), 1u);
  EXPECT_TRUE(hooks_[0].ok());
  EXPECT_EQ(powerd_.proceeded, 1);
}

TEST_F(PowerClientTest, PowerdLearnsWhetherToRunHooks) {
  for (const bool hooks : {false, true}) {
    const int ended = powerd_.ended;
    ASSERT_TRUE(client_.Begin(PowerState::kHalt, hooks, Finished(true)).ok());
    EXPECT_EQ(powerd_.skip_hooks, !hooks);
    RunUntil([&] { return powerd_.ended == ended + 1; });
  }
  EXPECT_EQ(powerd_.proceeded, 2);
}

// Each waits for the channel's thread, which is this one, to say whether its event proceeds.
TEST_F(PowerClientTest, CallsThatHaveNotEndedAreLimited) {
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(client_.Begin(PowerState::kPowerOn, true, Finished(true)).ok()) << i;
  }
  EXPECT_TRUE(absl::IsUnavailable(client_.Begin(PowerState::kPowerOn, true, Finished(true))));
  RunUntil([this] { return powerd_.ended == 8; });
  RunUntil([this] { return client_.Begin(PowerState::kPowerOn, true, Finished(true)).ok(); });
}

TEST_F(PowerClientTest, ConnectionEndsWithItsEvent) {
  ASSERT_TRUE(client_.Begin(PowerState::kPowerOn, true, Finished(true)).ok());
  EXPECT_EQ(server_.Connections(), 1);
  RunUntil([this] { return powerd_.ended == 1; });
  RunUntil([this] { return server_.Connections() == 0; });
}

TEST_F(PowerClientTest, EventWithFailedHooksDoesNotProceed) {
  powerd_.behaviour = FakePowerd::Behaviour::kFailedHooks;
  ASSERT_TRUE(client_.Begin(PowerState::kHalt, true, Finished(false)).ok());
  RunUntil([this] { return powerd_.ended == 1; });
  ASSERT_EQ(hooks_.size(), 1u);
  EXPECT_TRUE(absl::IsAborted(hooks_[0]));
  EXPECT_EQ(hooks_[0].message(), "10-x failed");
  EXPECT_EQ(powerd_.proceeded, 0);
}

TEST_F(PowerClientTest, BusyPowerdIsAFailedPrecondition) {
  powerd_.behaviour = FakePowerd::Behaviour::kBusy;
  EXPECT_TRUE(absl::IsFailedPrecondition(client_.Begin(PowerState::kHalt, true, Finished(true))));
  EXPECT_EQ(board_.Get().services(0).failures(), 1u);
}

TEST_F(PowerClientTest, HungPowerdIsAbandonedWithinTheTimeLimit) {
  powerd_.behaviour = FakePowerd::Behaviour::kHangs;
  const absl::Time begin = SteadyNow();
  EXPECT_TRUE(absl::IsDeadlineExceeded(client_.Begin(PowerState::kHalt, true, Finished(true))));
  EXPECT_LT(SteadyNow() - begin, absl::Seconds(4));
  powerd_.behaviour = FakePowerd::Behaviour::kNormal;
  ASSERT_TRUE(client_.Begin(PowerState::kHalt, true, Finished(true)).ok());
  RunUntil([this] { return powerd_.ended == 1; });
  EXPECT_EQ(hooks_.size(), 1u);
}

TEST_F(PowerClientTest, PowerOnWaitsForAPowerdThatIsNotThereYet) {
  // As systemd's socket before the boot has come to powerd: it listens, and no process accepts.
  const std::string path = folder_.File("later.sock");
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(listener.get(), 8), 0);
  PowerClient client(path, &queue_, &board_);
  EXPECT_TRUE(absl::IsDeadlineExceeded(client.Begin(PowerState::kHalt, true, Finished(true))));
  ASSERT_TRUE(client.Begin(PowerState::kPowerOn, true, Finished(true)).ok());
  EXPECT_TRUE(hooks_.empty());
  listener.reset();
  unlink(path.c_str());
  UnixServer powerd(path, &powerd_);
  RunUntil([this] { return powerd_.ended == 1; });
  ASSERT_EQ(hooks_.size(), 1u);
  EXPECT_TRUE(hooks_[0].ok()) << hooks_[0];
  EXPECT_EQ(powerd_.event, v1::POWER_ON);
}

TEST_F(PowerClientTest, ClientMayBeDestroyedWhilePowerOnWaits) {
  powerd_.behaviour = FakePowerd::Behaviour::kHangs;
  auto client = std::make_unique<PowerClient>(socket_, &queue_, &board_);
  ASSERT_TRUE(client->Begin(PowerState::kPowerOn, true, Finished(true)).ok());
  client.reset();
  EXPECT_TRUE(hooks_.empty());
}

TEST_F(PowerClientTest, UnexpectedStepIsAnError) {
  powerd_.behaviour = FakePowerd::Behaviour::kGarbage;
  EXPECT_TRUE(absl::IsInternal(client_.Begin(PowerState::kHalt, true, Finished(true))));
  EXPECT_TRUE(hooks_.empty());
}

TEST_F(PowerClientTest, DeathOfPowerdDuringHooksIsAFailure) {
  powerd_.behaviour = FakePowerd::Behaviour::kDiesInHooks;
  ASSERT_TRUE(client_.Begin(PowerState::kHalt, true, Finished(true)).ok());
  RunUntil([this] { return hooks_.size() == 1; });
  EXPECT_TRUE(absl::IsUnavailable(hooks_[0]));
}

TEST_F(PowerClientTest, MissingPowerdIsAnErrorAtOnce) {
  PowerClient client(folder_.File("nobody.sock"), &queue_, &board_);
  const absl::Time begin = SteadyNow();
  EXPECT_TRUE(absl::IsUnavailable(client.Begin(PowerState::kHalt, true, Finished(true))));
  EXPECT_LT(SteadyNow() - begin, absl::Seconds(1));
}

TEST_F(PowerClientTest, ClientMayBeDestroyedDuringAnEvent) {
  auto client = std::make_unique<PowerClient>(socket_, &queue_, &board_);
  ASSERT_TRUE(client->Begin(PowerState::kHalt, true, Finished(true)).ok());
  client.reset();
  EXPECT_TRUE(hooks_.empty());
}

}  // namespace
}  // namespace toolboxd
