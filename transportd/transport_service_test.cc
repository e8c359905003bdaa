// SPDX-License-Identifier: Apache-2.0

#include "transportd/transport_service.h"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "base/unique_fd.h"
#include "daemon/channel.h"
#include "daemon/grpc_status.h"
#include "daemon/testing/running_server.h"
#include "grpcpp/create_channel_posix.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/clock.grpc.pb.h"
#include "transportd/testing/unix_server.h"

namespace toolboxd {
namespace {

// The service on a socket, for calls that need a connection.
class Served {
 public:
  explicit Served(TransportService* service) {
    ServerOptions options;
    options.listener.path = dir_.File("transportd.sock");
    options.services = {{v1::Transport::service_full_name(), service}};
    server_.emplace(std::move(options));
    stub_ = v1::Transport::NewStub(ConnectUnix(dir_.File("transportd.sock")));
  }
  ~Served() { server_->Stop(); }
  v1::Transport::Stub& stub() { return *stub_; }

 private:
  const ShortTempDir dir_;
  std::optional<RunningServer> server_;
  std::unique_ptr<v1::Transport::Stub> stub_;
};

class TransportServiceTest : public testing::Test {
 protected:
  TransportServiceTest()
      : service_(
            &board_, &operations_, &queue_,
            [this](absl::string_view request) -> absl::StatusOr<RpciReply> {
              if (request == "down") return absl::UnavailableError("no channel");
              EXPECT_EQ(std::this_thread::get_id(), channel_.get_id());
              return RpciReply{request != "refuse", std::string(request)};
            },
            Views()),
        channel_([this] { queue_.RunUntil(absl::InfiniteFuture()); }) {}
  ~TransportServiceTest() override {
    queue_.Stop();
    channel_.join();
  }

  ChannelViews Views() {
    ChannelViews views;
    views.reported = [this] {
      EXPECT_EQ(std::this_thread::get_id(), channel_.get_id());
      v1::ReportedInfo info;
      info.mutable_snapshot()->set_host_name("guest");
      return info;
    };
    views.sessions = [] {
      v1::ListSessionsReply reply;
      reply.set_pending_logins(2);
      return reply;
    };
    views.programs = [this] {
      ProgramsView view;
      v1::StartedProgram& program = *view.programs.add_programs();
      program.set_user("alice");
      program.set_pid(4711);
      if (silent_ != nullptr) view.vixd["alice"] = silent_;
      return view;
    };
    views.transfers = [] {
      v1::ListTransfersReply reply;
      reply.add_transfers()->set_id(3);
      return reply;
    };
    views.numbers = [] { return LiveNumbers{.hgfsd_sessions = 2}; };
    views.policy = [] { return PolicyStore("/nonexistent/policy"); };
    views.time = [this] {
      EXPECT_EQ(std::this_thread::get_id(), channel_.get_id());
      v1::TimeStatus status;
      status.set_steps(7);
      return status;
    };
    views.clock = [this](grpc::ClientContext& context) -> absl::StatusOr<v1::ClockStatus> {
      if (silent_ == nullptr) return clock_;
      const std::shared_ptr<grpc::Channel> clockd = silent_;
      v1::ClockStatus status;
      return FromGrpc(v1::Clock::NewStub(clockd)->GetClockStatus(&context, {}, &status));
    };
    views.trace = &trace_;
    views.standstill = {.begin = [this] { ++begins_; }, .end = [this] { ++ends_; }};
    return views;
  }

  grpc::Status Send(const std::string& text) {
    grpc::ServerContext context;
    v1::SendRpciRequest request;
    request.set_request(text);
    return service_.SendRpci(&context, &request, &reply_);
  }

  std::atomic<int> begins_{0}, ends_{0};
  StatusBoard board_;
  OperationStatistics operations_;
  TaskQueue queue_;
  trace::TraceHub trace_;
  v1::SendRpciReply reply_;
  // A service that does not answer.
  std::shared_ptr<grpc::Channel> silent_;
  absl::StatusOr<v1::ClockStatus> clock_ = absl::UnavailableError("clockd is not there");
  TransportService service_;
  std::thread channel_;
};

TEST_F(TransportServiceTest, RequestIsSentOnTheChannelsThread) {
  ASSERT_TRUE(Send(std::string("a\0b", 3)).ok());
  EXPECT_TRUE(reply_.success());
  EXPECT_EQ(reply_.data(), std::string("a\0b", 3));
  ASSERT_TRUE(Send("refuse").ok());
  EXPECT_FALSE(reply_.success());
}

TEST_F(TransportServiceTest, RequestWithoutAChannelIsUnavailable) {
  EXPECT_EQ(Send("down").error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(TransportServiceTest, EmptyRequestIsRefused) {
  EXPECT_EQ(Send("").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(TransportServiceTest, TraceLastsUntilItsCallerLeavesOrTheServiceStops) {
  const ShortTempDir dir;
  const UnixServer server(dir.File("socket"), &service_);
  const auto stub = v1::Transport::NewStub(ConnectUnix(dir.File("socket")));
  for (const bool caller_leaves : {true, false}) {
    grpc::ClientContext context;
    const auto stream = stub->Trace(&context, v1::TraceRequest());
    stream->WaitForInitialMetadata();
    EXPECT_TRUE(trace_.listening());
    v1::TraceEvent event;
    event.set_command("ping");
    trace_.Publish(event, absl::ZeroDuration());
    ASSERT_TRUE(stream->Read(&event));
    EXPECT_EQ(event.command(), "ping");
    caller_leaves ? context.TryCancel() : trace_.Close();
    EXPECT_EQ(stream->Finish().ok(), !caller_leaves);
    EXPECT_TRUE(Eventually([this] { return !trace_.listening(); }));
  }
}

TEST_F(TransportServiceTest, FifthCallerMayNotTrace) {
  const ShortTempDir dir;
  const UnixServer server(dir.File("socket"), &service_);
  const auto stub = v1::Transport::NewStub(ConnectUnix(dir.File("socket")));
  grpc::ClientContext contexts[trace::TraceHub::kMaxListeners + 1];
  std::vector<std::unique_ptr<grpc::ClientReader<v1::TraceEvent>>> streams;
  for (grpc::ClientContext& context : contexts) {
    streams.push_back(stub->Trace(&context, v1::TraceRequest()));
    streams.back()->WaitForInitialMetadata();
  }
  EXPECT_EQ(streams.back()->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  trace_.Close();
  streams.pop_back();
  for (const auto& stream : streams) EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(TransportServiceTest, StandstillLastsUntilItsCallerEndsOrLeaves) {
  Served served(&service_);
  for (const int round : {1, 2}) {
    grpc::ClientContext context;
    const auto stream = served.stub().StandStill(&context);
    v1::StandStillReply reply;
    ASSERT_TRUE(stream->Read(&reply));
    EXPECT_EQ(begins_, round);
    EXPECT_EQ(ends_, round - 1);
    if (round == 1) stream->WritesDone();
    if (round == 2) context.TryCancel();
    EXPECT_EQ(stream->Finish().ok(), round == 1);
    EXPECT_TRUE(Eventually([&] { return ends_ == round; }));
  }
}

TEST_F(TransportServiceTest, CallerWhoHasTransportdStandStillManyTimesIsRefused) {
  Served served(&service_);
  int granted = 0;
  for (int i = 0; i < 200; ++i) {
    grpc::ClientContext context;
    const auto stream = served.stub().StandStill(&context);
    v1::StandStillReply reply;
    if (stream->Read(&reply)) ++granted;
    stream->WritesDone();
    const grpc::Status status = stream->Finish();
    EXPECT_TRUE(status.ok() || status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  }
  // Each counts as a second, and a tenth of what this takes comes back.
  EXPECT_GE(granted, 120);
  EXPECT_LE(granted, 130);
}

TEST_F(TransportServiceTest, ViewsAreTakenOnTheChannelsThread) {
  grpc::ServerContext context;
  v1::ReportedInfo info;
  ASSERT_TRUE(service_.GetReportedInfo(&context, nullptr, &info).ok());
  EXPECT_EQ(info.snapshot().host_name(), "guest");
  v1::ListSessionsReply sessions;
  ASSERT_TRUE(service_.ListSessions(&context, nullptr, &sessions).ok());
  EXPECT_EQ(sessions.pending_logins(), 2u);
  v1::ListTransfersReply transfers;
  ASSERT_TRUE(service_.ListTransfers(&context, nullptr, &transfers).ok());
  EXPECT_EQ(transfers.transfers(0).id(), 3u);
}

TEST_F(TransportServiceTest, ProgramWithoutAnOpenSessionIsInAnUnknownState) {
  grpc::ServerContext context;
  v1::ListProgramsReply programs;
  ASSERT_TRUE(service_.ListPrograms(&context, nullptr, &programs).ok());
  EXPECT_EQ(programs.programs(0).pid(), 4711);
  EXPECT_EQ(programs.programs(0).state(), v1::StartedProgram::STATE_UNSPECIFIED);
}

// X1 of tests/attacks/README.md: the gate counts a call for a second after its caller has given it
// up.
TEST_F(TransportServiceTest, CallThatIsGivenUpLeavesTheQueueOfABusyChannelSoon) {
  Served served(&service_);
  absl::Notification free;
  queue_.Post([&free] { free.WaitForNotification(); });
  ASSERT_TRUE(Eventually([this] { return queue_.size() == 0; }));
  grpc::ClientContext context;
  std::thread caller([&] {
    v1::ListSessionsReply sessions;
    EXPECT_FALSE(served.stub().ListSessions(&context, v1::ListSessionsRequest(), &sessions).ok());
  });
  EXPECT_TRUE(Eventually([this] { return queue_.size() == 1; }));
  const absl::Time begin = absl::Now();
  context.TryCancel();
  caller.join();
  EXPECT_TRUE(Eventually([this] { return queue_.size() == 0; }));
  EXPECT_LT(absl::Now() - begin, absl::Seconds(1));
  free.Notify();
}

TEST_F(TransportServiceTest, CallThatIsGivenUpDoesNotWaitForAServiceThatDoesNotAnswer) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
  const UniqueFd service(ends[0]);
  silent_ = grpc::CreateInsecureChannelFromFd("silent", ends[1]);
  Served served(&service_);
  for (const bool of_vixd : {true, false}) {
    grpc::ClientContext context;
    std::thread caller([&] {
      v1::ListProgramsReply programs;
      v1::TimeStatus time;
      EXPECT_FALSE((of_vixd ? served.stub().ListPrograms(&context, {}, &programs)
                            : served.stub().GetTimeStatus(&context, {}, &time))
                       .ok());
    });
    EXPECT_TRUE(Eventually([this] { return silent_.use_count() > 1; }));
    const absl::Time begin = absl::Now();
    context.TryCancel();
    caller.join();
    EXPECT_TRUE(Eventually([this] { return silent_.use_count() == 1; }));
    EXPECT_LT(absl::Now() - begin, absl::Seconds(1));
  }
}

TEST_F(TransportServiceTest, MetricsAreThoseOfAllParts) {
  grpc::ServerContext context;
  board_.Count("polls", 3);
  board_.requests().Record("ping", true, absl::Microseconds(5));
  operations_.Count("ListFilesInGuest", 0);
  v1::Metrics metrics;
  ASSERT_TRUE(service_.GetMetrics(&context, nullptr, &metrics).ok());
  const std::string text = metrics.DebugString();
  for (const char* name : {"toolboxd_polls", "toolboxd_host_request_seconds",
                           "toolboxd_guest_operations", "toolboxd_sessions"}) {
    EXPECT_NE(text.find(name), std::string::npos) << name;
  }
}

TEST_F(TransportServiceTest, StatisticsOfAnotherHostAreAnError) {
  grpc::ServerContext context;
  v1::HostStatistics statistics;
  // The host of this test answers with the request itself.
  const grpc::Status status = service_.GetHostStatistics(&context, nullptr, &statistics);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(TransportServiceTest, PolicyIsExplained) {
  grpc::ServerContext context;
  v1::CheckPolicyRequest request;
  v1::CheckPolicyReply reply;
  request.set_user("root");
  request.set_operation("NoSuchOperation");
  EXPECT_EQ(service_.CheckPolicy(&context, &request, &reply).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  request.set_operation("ListFilesInGuest");
  ASSERT_TRUE(service_.CheckPolicy(&context, &request, &reply).ok());
  EXPECT_TRUE(reply.permitted());
}

TEST_F(TransportServiceTest, StatusIsThatOfTheBoard) {
  board_.Count("polls", 7);
  v1::TransportStatus status;
  ASSERT_TRUE(service_.GetStatus(nullptr, nullptr, &status).ok());
  EXPECT_EQ(status.counters().at("polls"), 7u);
  EXPECT_EQ(status.services(0).name(), "transportd");
  EXPECT_GT(status.services(0).memory_bytes(), 0u);
}

TEST_F(TransportServiceTest, TimeStatusIsThatOfBothProcesses) {
  grpc::ServerContext context;
  v1::TimeStatus status;
  ASSERT_TRUE(service_.GetTimeStatus(&context, nullptr, &status).ok());
  EXPECT_EQ(status.steps(), 7u);
  EXPECT_EQ(status.clock_fault(), "clockd is not there");
  EXPECT_FALSE(status.has_clock());
  clock_ = v1::ClockStatus();
  clock_->set_tick_us(10016);
  ASSERT_TRUE(service_.GetTimeStatus(&context, nullptr, &status).ok());
  EXPECT_EQ(status.clock().tick_us(), 10016u);
}

}  // namespace
}  // namespace toolboxd
