// SPDX-License-Identifier: Apache-2.0

#include "deployd/script_request.h"

#include "gtest/gtest.h"

namespace toolboxd::deployd {
namespace {

TEST(ScriptRequest, DecodesAsItWasEncoded) {
  const std::string text = Encode({"0a1b", absl::Seconds(600), "{\"host_name\":\"a\"}"});
  EXPECT_EQ(text, "0a1b 600\n{\"host_name\":\"a\"}\n");
  const auto request = DecodeScriptRequest(text);
  ASSERT_TRUE(request.ok()) << request.status();
  EXPECT_EQ(request->id, "0a1b");
  EXPECT_EQ(request->time_limit, absl::Seconds(600));
  EXPECT_EQ(request->json, "{\"host_name\":\"a\"}");
}

TEST(ScriptRequest, OtherTextIsRefused) {
  for (const char* text :
       {"", "\n\n", "a 1\n{}", "a 1\n{}\nx", "a 1\n{}\n\n", "a 0\n{}\n", "a 3601\n{}\n",
        "a -1\n{}\n", "a 006\n{}\n", "a b\n{}\n", "a/ 1\n{}\n", " 1\n{}\n", "a 1 2\n{}\n"}) {
    EXPECT_FALSE(DecodeScriptRequest(text).ok()) << text;
  }
}

TEST(ScriptOutcome, DecodesAsItWasEncoded) {
  EXPECT_TRUE(DecodeOutcome("0a", EncodeOutcome("0a", absl::OkStatus())).ok());
  const absl::Status failed =
      DecodeOutcome("0a", EncodeOutcome("0a", absl::UnknownError("script\n1: exit status 3")));
  EXPECT_EQ(failed.code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(failed.message(), "script?1: exit status 3");
}

TEST(ScriptOutcome, OutcomeOfAnotherRequestIsNotFound) {
  for (const char* text : {"", "0b ok\n", "0a ok", "0aa ok\n", "0a maybe\n"}) {
    EXPECT_TRUE(absl::IsNotFound(DecodeOutcome("0a", text))) << text;
  }
}

}  // namespace
}  // namespace toolboxd::deployd
