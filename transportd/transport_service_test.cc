// SPDX-License-Identifier: Apache-2.0

#include "transportd/transport_service.h"

#include <thread>

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

class TransportServiceTest : public testing::Test {
 protected:
  TransportServiceTest()
      : service_(&board_, &queue_,
                 [this](absl::string_view request) -> absl::StatusOr<RpciReply> {
                   if (request == "down") return absl::UnavailableError("no channel");
                   EXPECT_EQ(std::this_thread::get_id(), channel_.get_id());
                   return RpciReply{request != "refuse", std::string(request)};
                 },
                 {.sync =
                      [this] {
                        EXPECT_EQ(std::this_thread::get_id(), channel_.get_id());
                        v1::TimeStatus status;
                        status.set_steps(7);
                        return status;
                      },
                  .clock = [this] { return clock_; }}),
        channel_([this] { queue_.RunUntil(absl::InfiniteFuture()); }) {}
  ~TransportServiceTest() override {
    queue_.Stop();
    channel_.join();
  }

  grpc::Status Send(const std::string& text) {
    grpc::ServerContext context;
    v1::SendRpciRequest request;
    request.set_request(text);
    return service_.SendRpci(&context, &request, &reply_);
  }

  StatusBoard board_;
  TaskQueue queue_;
  v1::SendRpciReply reply_;
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

TEST_F(TransportServiceTest, StatusIsThatOfTheBoard) {
  board_.Count("polls", 7);
  v1::TransportStatus status;
  ASSERT_TRUE(service_.GetStatus(nullptr, nullptr, &status).ok());
  EXPECT_EQ(status.counters().at("polls"), 7u);
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
