// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/host_messages.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "toolboxctl/output.h"

namespace toolboxd {
namespace {

class HostMessages : public testing::Test {
 protected:
  SendToHost Host() {
    return [this](const std::string& request) -> absl::StatusOr<v1::SendRpciReply> {
      requests_.push_back(request);
      v1::SendRpciReply reply;
      reply.set_success(success_);
      reply.set_data(answer_);
      return reply;
    };
  }

  std::vector<std::string> requests_;
  bool success_ = true;
  std::string answer_ = "0";
};

TEST_F(HostMessages, LineGoesToTheHostsLog) {
  EXPECT_EQ(LogMain("a line", Host()), 0);
  EXPECT_EQ(requests_, std::vector<std::string>{"log a line"});
  EXPECT_EQ(LogMain("", Host()), kExitUsage);
  EXPECT_EQ(LogMain("two\nlines", Host()), kExitUsage);
  EXPECT_EQ(LogMain(std::string(401, 'x'), Host()), kExitUsage);
  EXPECT_EQ(requests_.size(), 1u);
}

TEST_F(HostMessages, WordsOfTheMonitorAreRequests) {
  EXPECT_EQ(*AppMonitorRequest("enable"), "GuestAppMonitor.Cmd.Enable");
  EXPECT_EQ(*AppMonitorRequest("alive"), "GuestAppMonitor.Cmd.MarkActive");
  EXPECT_EQ(*AppMonitorRequest("need-reset"), "GuestAppMonitor.Cmd.PostAppState appStateNeedReset");
  EXPECT_FALSE(AppMonitorRequest("reset").ok());
  EXPECT_EQ(AppMonitorMain({"alive"}, Host()), 0);
  EXPECT_EQ(AppMonitorMain({"nonsense"}, Host()), kExitUsage);
  EXPECT_EQ(AppMonitorMain({}, Host()), kExitUsage);
  EXPECT_EQ(requests_.size(), 1u);
}

TEST_F(HostMessages, CodesAndRefusalsFailWithAReason) {
  answer_ = "2";
  testing::internal::CaptureStderr();
  EXPECT_EQ(AppMonitorMain({"alive"}, Host()), kExitFailed);
  EXPECT_NE(testing::internal::GetCapturedStderr().find("app-monitor enable"), std::string::npos);
  success_ = false;
  answer_ = "Unknown command";
  testing::internal::CaptureStderr();
  EXPECT_EQ(AppMonitorMain({"status"}, Host()), kExitFailed);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "the host refused it: Unknown command\n");
  EXPECT_EQ(AppMonitorFault("7"), "the host does not take the request (7)");
}

TEST_F(HostMessages, StatusAsksTwice) {
  answer_ = "green";
  testing::internal::CaptureStdout();
  EXPECT_EQ(AppMonitorMain({"status"}, Host()), 0);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "enabled  green\nstatus   green\n");
  EXPECT_EQ(requests_.size(), 2u);
}

}  // namespace
}  // namespace toolboxd
