// SPDX-License-Identifier: Apache-2.0

#include "transportd/transport_readers.h"

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "base/testing/eventually.h"
#include "base/testing/short_temp_dir.h"
#include "daemon/channel.h"
#include "gtest/gtest.h"
#include "transportd/testing/unix_server.h"

namespace toolboxd {
namespace {

// Answers everything.
class Everything final : public v1::Transport::Service {
 public:
  grpc::Status GetStatus(grpc::ServerContext*, const v1::GetStatusRequest*,
                         v1::TransportStatus* status) override {
    status->set_version("1");
    return grpc::Status::OK;
  }
  grpc::Status GetReportedInfo(grpc::ServerContext*, const v1::GetReportedInfoRequest*,
                               v1::ReportedInfo*) override {
    return grpc::Status::OK;
  }
  grpc::Status ListSessions(grpc::ServerContext*, const v1::ListSessionsRequest*,
                            v1::ListSessionsReply*) override {
    return grpc::Status::OK;
  }
  grpc::Status ListPrograms(grpc::ServerContext*, const v1::ListProgramsRequest*,
                            v1::ListProgramsReply*) override {
    return grpc::Status::OK;
  }
  grpc::Status ListTransfers(grpc::ServerContext*, const v1::ListTransfersRequest*,
                             v1::ListTransfersReply*) override {
    return grpc::Status::OK;
  }
  grpc::Status GetMetrics(grpc::ServerContext*, const v1::GetMetricsRequest*,
                          v1::Metrics*) override {
    return grpc::Status::OK;
  }
  grpc::Status GetHostStatistics(grpc::ServerContext*, const v1::GetHostStatisticsRequest*,
                                 v1::HostStatistics*) override {
    return grpc::Status::OK;
  }
  // Waits, as for a user database that does not answer.
  grpc::Status CheckPolicy(grpc::ServerContext*, const v1::CheckPolicyRequest* request,
                           v1::CheckPolicyReply*) override {
    if (request->user() == "brief") absl::SleepFor(absl::Milliseconds(50));
    if (request->user() != "slow") return grpc::Status::OK;
    ++waiting;
    answers.WaitForNotification();
    --waiting;
    return grpc::Status::OK;
  }
  std::atomic<int> waiting{0};
  absl::Notification answers;
  grpc::Status GetTimeStatus(grpc::ServerContext*, const v1::GetTimeStatusRequest*,
                             v1::TimeStatus*) override {
    return grpc::Status::OK;
  }
  grpc::Status SendRpci(grpc::ServerContext*, const v1::SendRpciRequest* request,
                        v1::SendRpciReply* reply) override {
    reply->set_data(request->request());
    return grpc::Status::OK;
  }
  grpc::Status StandStill(
      grpc::ServerContext*,
      grpc::ServerReaderWriter<v1::StandStillReply, v1::StandStillRequest>*) override {
    return grpc::Status::OK;
  }
  grpc::Status Trace(grpc::ServerContext*, const v1::TraceRequest*,
                     grpc::ServerWriter<v1::TraceEvent>*) override {
    return grpc::Status::OK;
  }
};

class TransportReadersTest : public testing::Test {
 protected:
  template <typename Request, typename Reply>
  grpc::Status Call(grpc::Status (v1::Transport::Stub::*method)(grpc::ClientContext*,
                                                                const Request&, Reply*),
                    const Request& request, Reply* reply) {
    grpc::ClientContext context;
    return ((*stub_).*method)(&context, request, reply);
  }
  template <typename Request, typename Reply>
  bool Permits(grpc::Status (v1::Transport::Stub::*method)(grpc::ClientContext*, const Request&,
                                                           Reply*)) {
    Reply reply;
    return Call(method, Request(), &reply).ok();
  }
  grpc::Status Send(const std::string& text) {
    v1::SendRpciRequest request;
    request.set_request(text);
    v1::SendRpciReply reply;
    return Call(&v1::Transport::Stub::SendRpci, request, &reply);
  }

  ShortTempDir folder_;
  const std::string socket_ = folder_.File("transportd.sock");
  Everything everything_;
  TransportReaders readers_{&everything_};
  UnixServer server_{socket_, &readers_};
  const std::unique_ptr<v1::Transport::Stub> stub_ = v1::Transport::NewStub(ConnectUnix(socket_));
};

TEST_F(TransportReadersTest, ReadingIsPermitted) {
  using Stub = v1::Transport::Stub;
  EXPECT_TRUE((Permits<v1::GetStatusRequest, v1::TransportStatus>(&Stub::GetStatus)));
  EXPECT_TRUE((Permits<v1::GetReportedInfoRequest, v1::ReportedInfo>(&Stub::GetReportedInfo)));
  EXPECT_TRUE((Permits<v1::ListSessionsRequest, v1::ListSessionsReply>(&Stub::ListSessions)));
  EXPECT_TRUE((Permits<v1::ListProgramsRequest, v1::ListProgramsReply>(&Stub::ListPrograms)));
  EXPECT_TRUE((Permits<v1::ListTransfersRequest, v1::ListTransfersReply>(&Stub::ListTransfers)));
  EXPECT_TRUE((Permits<v1::GetMetricsRequest, v1::Metrics>(&Stub::GetMetrics)));
  EXPECT_TRUE(
      (Permits<v1::GetHostStatisticsRequest, v1::HostStatistics>(&Stub::GetHostStatistics)));
  EXPECT_TRUE((Permits<v1::CheckPolicyRequest, v1::CheckPolicyReply>(&Stub::CheckPolicy)));
  EXPECT_TRUE((Permits<v1::GetTimeStatusRequest, v1::TimeStatus>(&Stub::GetTimeStatus)));
  EXPECT_TRUE(Send("info-get guestinfo.ip").ok());
}

TEST_F(TransportReadersTest, ChangesAreRefusedWithAReason) {
  const grpc::Status refused = Send("info-set guestinfo.x 1");
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(absl::StrContains(refused.error_message(), "only root may send"));
  grpc::ClientContext stand;
  EXPECT_EQ(stub_->StandStill(&stand)->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
  grpc::ClientContext trace;
  EXPECT_EQ(stub_->Trace(&trace, v1::TraceRequest())->Finish().error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

// X1 of tests/attacks/README.md: each keeps a thread of all readers until the user database
// answers.
TEST_F(TransportReadersTest, PolicyChecksThatWaitAreFewAndLeaveThreadsToOtherCalls) {
  v1::CheckPolicyRequest request;
  request.set_user("slow");
  std::atomic<int> refused{0};
  std::vector<std::thread> callers;
  callers.reserve(6);
  for (int i = 0; i < 6; ++i) {
    callers.emplace_back([&] {
      v1::CheckPolicyReply reply;
      const grpc::Status status = Call(&v1::Transport::Stub::CheckPolicy, request, &reply);
      if (status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED) ++refused;
    });
  }
  EXPECT_TRUE(Eventually([&] { return refused + everything_.waiting == 6; }));
  EXPECT_EQ(everything_.waiting, 4);
  EXPECT_TRUE(
      (Permits<v1::GetStatusRequest, v1::TransportStatus>(&v1::Transport::Stub::GetStatus)));
  everything_.answers.Notify();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(refused, 2);
  EXPECT_TRUE(
      (Permits<v1::CheckPolicyRequest, v1::CheckPolicyReply>(&v1::Transport::Stub::CheckPolicy)));
}

// Y4 of tests/attacks/README.md.
TEST_F(TransportReadersTest, PolicyChecksOfOneWhoAsksWithoutEndLeaveThoseOfAnother) {
  v1::CheckPolicyRequest request;
  request.set_user("brief");
  std::atomic<bool> ends{false};
  std::vector<std::thread> greedy;
  greedy.reserve(8);
  for (int i = 0; i < 8; ++i) {
    greedy.emplace_back([&] {
      v1::CheckPolicyReply reply;
      while (!ends) Call(&v1::Transport::Stub::CheckPolicy, request, &reply);
    });
  }
  for (int i = 0; i < 5; ++i) {
    v1::CheckPolicyReply reply;
    EXPECT_TRUE(Call(&v1::Transport::Stub::CheckPolicy, request, &reply).ok());
  }
  ends = true;
  for (std::thread& caller : greedy) caller.join();
}

TEST(OnlyReads, CommandIsCompared) {
  const std::string nul(1, '\0');
  for (const std::string& request :
       {std::string("info-get guestinfo.ip"), std::string("info-get"),
        "namespace-get-values ns" + nul + "key" + nul, std::string("guestlib.info.get 3"),
        std::string("guestlib.stat.get text json"), std::string("GuestAppMonitor.Cmd.IsEnabled")}) {
    EXPECT_TRUE(OnlyReads(request)) << request;
  }
  for (const std::string& request :
       {std::string(""), std::string(" info-get x"), std::string("info-set guestinfo.x 1"),
        std::string("info-getx"), std::string("log x"), "namespace-set-keys ns" + nul,
        std::string("GuestAppMonitor.Cmd.Enable"), std::string("tools.capability.hgfs_server x 0"),
        std::string("guestlib.ioctl x"), std::string("INFO-GET guestinfo.ip")}) {
    EXPECT_FALSE(OnlyReads(request)) << request;
  }
}

}  // namespace
}  // namespace toolboxd
