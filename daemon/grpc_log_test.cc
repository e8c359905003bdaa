// SPDX-License-Identifier: Apache-2.0

#include "daemon/grpc_log.h"

#include <string>

#include "base/log.h"
#include "gmock/gmock.h"
#include "grpc/support/log.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

std::string Logged() {
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) gpr_log(GPR_ERROR, "bad\nframe %d", i);
  gpr_log(GPR_INFO, "chatter");
  return testing::internal::GetCapturedStderr();
}

TEST(GrpcLog, ErrorsBecomeLimitedWarningsAndTheRestDebugLines) {
  InitLog("test", LogLevel::kInfo);
  RouteGrpcLog();
  const std::string usual = Logged();
  EXPECT_THAT(usual, testing::MatchesRegex(
                         "test: warning: grpc: grpc_log_test.cc:[0-9]+: bad\\\\nframe 0\n"));

  InitLog("test", LogLevel::kDebug);
  RouteGrpcLog();
  EXPECT_THAT(Logged(), testing::HasSubstr("test: debug: grpc: grpc_log_test.cc:"));
}

}  // namespace
}  // namespace toolboxd
