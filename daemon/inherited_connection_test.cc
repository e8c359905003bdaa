// SPDX-License-Identifier: Apache-2.0

#include "daemon/inherited_connection.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <future>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "base/unique_fd.h"
#include "daemon/channel.h"
#include "daemon/quiet_engine.h"
#include "daemon/testing/reflection_client.h"
#include "grpcpp/create_channel_posix.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/power.grpc.pb.h"

namespace toolboxd {
namespace {

// Reads until its caller has left, and records that it saw that.
class Power final : public v1::Power::Service {
 public:
  grpc::Status ChangeState(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::ChangeStateUpdate, v1::ChangeStateRequest>* stream) override {
    v1::ChangeStateUpdate update;
    update.mutable_started();
    stream->Write(update);
    v1::ChangeStateRequest request;
    while (stream->Read(&request)) {
    }
    for (int i = 0; i < 4000 && !context->IsCancelled(); ++i) {
      absl::SleepFor(absl::Milliseconds(5));
    }
    saw_cancel = context->IsCancelled();
    return grpc::Status::OK;
  }

  std::atomic<bool> saw_cancel{false};
};

#ifdef __SANITIZE_ADDRESS__
constexpr bool kFreedMemoryIsKept = true;
#else
constexpr bool kFreedMemoryIsKept = false;
#endif

// Memory that is the process's own, in kB (RssAnon).
int ResidentKb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    int kb = 0;
    if (std::sscanf(line.c_str(), "RssAnon: %d", &kb) == 1) return kb;
  }
  return -1;
}

// As a call that needs many small pieces of memory for a moment. `last` stays, behind all of them:
// free() itself returns only what is at the end. Returns what is resident while it has them:
// another thread may return it as soon as they are free.
int UseMuchMemory(std::unique_ptr<char[]>& last) {
  constexpr int kPieces = 8192;
  std::vector<std::unique_ptr<char[]>> pieces(kPieces);
  for (auto& piece : pieces) piece = std::make_unique<char[]>(1024);
  last = std::make_unique<char[]>(1024);
  return ResidentKb();
}

class InheritedConnectionTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { InstallQuietEngine(); }

  void Serve() {
    int ends[2];
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    options_.fd = ends[0];
    options_.trim_after = absl::Milliseconds(1);
    options_.services = {{v1::Power::service_full_name(), &power_}};
    outcome_ =
        std::async(std::launch::async, [this] { return ServeInheritedConnection(options_); });
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    channel_ = grpc::CreateInsecureChannelFromFd("session", ends[1]);
  }

  Power power_;
  InheritedConnectionOptions options_;
  std::future<absl::Status> outcome_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(InheritedConnectionTest, ServesAndEndsWithItsConnection) {
  bool stopped = false;
  options_.on_stop = [&stopped] { stopped = true; };
  Serve();
  EXPECT_EQ(ListServices(channel_)->count("toolboxd.v1.Power"), 1u);
  absl::SleepFor(absl::Milliseconds(20));  // Memory is trimmed, and the code is loaded again.
  EXPECT_TRUE(*Describes(channel_, "toolboxd.v1.Power"));
  EXPECT_TRUE(*Describes(channel_, "grpc.health.v1.Health"));
  channel_.reset();
  EXPECT_TRUE(outcome_.get().ok());
  EXPECT_TRUE(stopped);
}

TEST_F(InheritedConnectionTest, MemoryOfACallIsReturnedThoughOthersFollow) {
  if (kFreedMemoryIsKept) GTEST_SKIP() << "AddressSanitizer keeps what is freed";
  options_.trim_interval = absl::Milliseconds(20);
  Serve();
  EXPECT_TRUE(*Describes(channel_, "toolboxd.v1.Power"));
  absl::SleepFor(absl::Milliseconds(20));
  for (int round = 0; round < 3; ++round) {
    std::unique_ptr<char[]> last;
    const int before = UseMuchMemory(last);
    const absl::Time end = absl::Now() + absl::Seconds(10);
    while (ResidentKb() > before - 6000 && absl::Now() < end) {
      EXPECT_TRUE(*Describes(channel_, "toolboxd.v1.Power"));
    }
    EXPECT_LE(ResidentKb(), before - 6000) << "round " << round;
  }
  channel_.reset();
  EXPECT_TRUE(outcome_.get().ok());
}

TEST_F(InheritedConnectionTest, IdleConnectionDoesNotWakeUp) {
  if (kFreedMemoryIsKept) GTEST_SKIP() << "AddressSanitizer keeps what is freed";
  options_.trim_interval = absl::Milliseconds(1);
  Serve();
  EXPECT_TRUE(*Describes(channel_, "toolboxd.v1.Power"));
  absl::SleepFor(absl::Milliseconds(200));
  std::unique_ptr<char[]> last;
  UseMuchMemory(last);
  const int before = ResidentKb();
  absl::SleepFor(absl::Milliseconds(300));
  EXPECT_GT(ResidentKb(), before - 2000);
  channel_.reset();
  EXPECT_TRUE(outcome_.get().ok());
}

TEST_F(InheritedConnectionTest, CallInFlightSeesThatItsCallerLeft) {
  Serve();
  {
    grpc::ClientContext context;
    auto stub = v1::Power::NewStub(channel_);
    auto stream = stub->ChangeState(&context);
    v1::ChangeStateUpdate update;
    ASSERT_TRUE(stream->Read(&update));
    context.TryCancel();
    stream->Finish();
  }
  channel_.reset();
  EXPECT_TRUE(outcome_.get().ok());
  EXPECT_TRUE(power_.saw_cancel);
}

TEST_F(InheritedConnectionTest, DescriptorsWithoutAConnectionAreRefused) {
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  UniqueFd read_end(pipe_ends[0]);
  UniqueFd write_end(pipe_ends[1]);
  UniqueFd unconnected(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  for (int fd : {read_end.get(), unconnected.get(), -1}) {
    options_.fd = fd;
    const absl::Status status = ServeInheritedConnection(options_);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find("session starts this program"), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace toolboxd
