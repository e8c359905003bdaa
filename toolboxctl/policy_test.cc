// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/policy.h"

#include "gtest/gtest.h"

namespace toolboxd {
namespace {

TEST(Policy, WordsAreARequest) {
  const auto request =
      PolicyRequest({"check", "alice", "StartProgramInGuest", "/bin/ls", "-l", "/tmp"});
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->user(), "alice");
  EXPECT_EQ(request->operation(), "StartProgramInGuest");
  EXPECT_EQ(request->target(), "/bin/ls");
  EXPECT_EQ(request->arguments(), "-l /tmp");
  EXPECT_TRUE(PolicyRequest({"check", "alice", "ListFilesInGuest"}).ok());
  EXPECT_FALSE(PolicyRequest({"check", "alice"}).ok());
  EXPECT_FALSE(PolicyRequest({"show", "alice", "ListFilesInGuest"}).ok());
  EXPECT_FALSE(PolicyRequest({}).ok());
}

TEST(Policy, TextNamesTheLineThatDecides) {
  v1::CheckPolicyReply reply;
  reply.set_reason("deny lists @contractors");
  reply.set_file("/etc/p");
  reply.set_line(12);
  reply.set_text("  deny: \"@contractors\"");
  EXPECT_EQ(PolicyText(reply, {}),
            "refused: deny lists @contractors\n"
            "/etc/p:12: deny: \"@contractors\"\n");
  reply.set_permitted(true);
  reply.set_reason("nothing refuses it");
  reply.set_line(0);
  EXPECT_EQ(PolicyText(reply, {}), "permitted: nothing refuses it\n");
}

TEST(Policy, ChangedFileIsPointedAt) {
  v1::CheckPolicyReply reply;
  reply.set_file("/etc/p");
  reply.set_file_has_changed(true);
  EXPECT_NE(PolicyText(reply, {}).find("systemctl reload"), std::string::npos);
}

}  // namespace
}  // namespace toolboxd
