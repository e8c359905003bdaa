// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/show.h"

#include "gtest/gtest.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {
namespace {

using testing::internal::CaptureStderr;
using testing::internal::CaptureStdout;
using testing::internal::GetCapturedStderr;
using testing::internal::GetCapturedStdout;

Shown<v1::SendRpciReply> Answering(absl::StatusOr<v1::SendRpciReply> reply) {
  return {.fetch = [reply] { return reply; },
          .text = [](const v1::SendRpciReply& shown, const Terminal&) { return shown.data(); }};
}

TEST(Show, JsonIsWhatGrpcurlPrints) {
  v1::SendRpciReply reply;
  reply.set_data("a");
  const absl::StatusOr<std::string> json = ToJson(reply);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(*json, "{\n \"success\": false,\n \"data\": \"YQ==\"\n}\n");
}

TEST(Show, JsonOfAStreamIsALineEach) {
  v1::SendRpciReply reply;
  reply.set_data("a");
  const absl::StatusOr<std::string> json = ToJsonLine(reply);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(*json, "{\"data\":\"YQ==\"}\n");
}

TEST(Show, PrintsTextOrJsonOnce) {
  v1::SendRpciReply reply;
  reply.set_data("text\n");
  CaptureStdout();
  EXPECT_EQ(Show({}, Answering(reply)), 0);
  EXPECT_EQ(GetCapturedStdout(), "text\n");
  CaptureStdout();
  EXPECT_EQ(Show({.json = true}, Answering(reply)), 0);
  EXPECT_EQ(GetCapturedStdout().front(), '{');
}

TEST(Show, ErrorGoesToStandardErrorAndFails) {
  CaptureStderr();
  EXPECT_EQ(Show({}, Answering(absl::UnavailableError("start it"))), kExitFailed);
  EXPECT_EQ(GetCapturedStderr(), "start it\n");
}

TEST(Show, RedrawnTextClearsWhatWasThere) {
  EXPECT_EQ(Redraw("a\nb\n"), "\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J");
}

}  // namespace
}  // namespace toolboxd
