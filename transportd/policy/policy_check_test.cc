// SPDX-License-Identifier: Apache-2.0

#include "transportd/policy/policy_check.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

class PolicyCheckTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) { std::ofstream(path_) << text; }

  v1::CheckPolicyReply Check(const std::string& text, const std::string& user,
                             const std::string& operation = "ListFilesInGuest",
                             const std::string& target = "", const std::string& arguments = "") {
    Write(text);
    return Ask(PolicyStore(path_), user, operation, target, arguments);
  }

  v1::CheckPolicyReply Ask(const PolicyStore& store, const std::string& user,
                           const std::string& operation = "ListFilesInGuest",
                           const std::string& target = "", const std::string& arguments = "") {
    v1::CheckPolicyRequest request;
    request.set_user(user);
    request.set_operation(operation);
    request.set_target(target);
    request.set_arguments(arguments);
    const absl::StatusOr<v1::CheckPolicyReply> reply = ExplainPolicy(store, request);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.value_or(v1::CheckPolicyReply());
  }

  const std::string path_ = std::string(getenv("TEST_TMPDIR")) + "/policy.textproto";
};

TEST_F(PolicyCheckTest, MissingFilePermits) {
  const v1::CheckPolicyReply reply = Ask(PolicyStore("/nonexistent/policy"), "root");
  EXPECT_TRUE(reply.permitted());
  EXPECT_EQ(reply.line(), 0u);
  EXPECT_FALSE(reply.file_has_changed());
}

TEST_F(PolicyCheckTest, NothingThatRefusesPermits) {
  const v1::CheckPolicyReply reply = Check("# nothing\n", "root");
  EXPECT_TRUE(reply.permitted());
  EXPECT_EQ(reply.reason(), "nothing in the policy refuses it");
  EXPECT_EQ(reply.file(), path_);
}

TEST_F(PolicyCheckTest, DisabledOperationNamesItsLine) {
  const v1::CheckPolicyReply reply = Check(
      "# a comment\n"
      "disabled_operations: \"ListProcessesInGuest\"\n"
      "disabled_operations: \"ListFilesInGuest\"\n",
      "root");
  EXPECT_FALSE(reply.permitted());
  EXPECT_EQ(reply.line(), 3u);
  EXPECT_EQ(reply.text(), "disabled_operations: \"ListFilesInGuest\"");
}

TEST_F(PolicyCheckTest, EntryOfAListInBracketsNamesItsLine) {
  const v1::CheckPolicyReply reply = Check(
      "deny: \"nobody\"\n"
      "deny: [\n"
      "  \"daemon\",\n"
      "  \"root\"\n"
      "]\n",
      "root");
  EXPECT_FALSE(reply.permitted());
  EXPECT_EQ(reply.reason(), "deny lists root");
  EXPECT_EQ(reply.line(), 4u);
}

TEST_F(PolicyCheckTest, GroupOfTheUserDecides) {
  EXPECT_EQ(Check("allow: \"daemon\"\nallow: \"@root\"\n", "root").line(), 2u);
  const v1::CheckPolicyReply refused = Check("deny: \"@root\"\n", "root");
  EXPECT_FALSE(refused.permitted());
  EXPECT_EQ(refused.reason(), "deny lists @root");
}

TEST_F(PolicyCheckTest, UserThatAllowDoesNotListIsRefused) {
  const v1::CheckPolicyReply reply = Check("\nallow: \"daemon\"\n", "root");
  EXPECT_FALSE(reply.permitted());
  EXPECT_EQ(reply.line(), 2u);
  EXPECT_TRUE(absl::StrContains(reply.reason(), "neither"));
}

TEST_F(PolicyCheckTest, DisabledGuestOperationsRefuse) {
  const v1::CheckPolicyReply reply = Check("disable_guest_operations: true", "root");
  EXPECT_FALSE(reply.permitted());
  EXPECT_EQ(reply.line(), 1u);
}

TEST_F(PolicyCheckTest, BrokenPolicyRefusesAndSaysWhy) {
  const v1::CheckPolicyReply reply = Check("deny: \"a\"\nnonsense: 1\n", "root");
  EXPECT_FALSE(reply.permitted());
  EXPECT_TRUE(absl::StrContains(reply.reason(), "line 2")) << reply.reason();
  EXPECT_FALSE(reply.file_has_changed());
}

constexpr char kPrograms[] =
    "programs: \"/bin/true\"\n"
    "programs: \"/bin/ls\"\n"
    "fixed_programs { program: \"/bin/make\" working_directory: \"/srv\" }\n";
constexpr char kStart[] = "StartProgramInGuest";

TEST_F(PolicyCheckTest, ListedProgramIsPermitted) {
  const v1::CheckPolicyReply reply = Check(kPrograms, "root", kStart, "/bin/ls");
  EXPECT_TRUE(reply.permitted());
  EXPECT_EQ(reply.line(), 2u);
  EXPECT_EQ(Check(kPrograms, "root", kStart, "/bin/make").line(), 3u);
}

TEST_F(PolicyCheckTest, ProgramThatIsNotListedIsRefused) {
  const v1::CheckPolicyReply reply = Check(kPrograms, "root", kStart, "/bin/sh");
  EXPECT_FALSE(reply.permitted());
  EXPECT_TRUE(absl::StrContains(reply.reason(), "do not have /bin/sh"));
}

TEST_F(PolicyCheckTest, ShellOperatorsAreRefused) {
  const v1::CheckPolicyReply reply = Check(kPrograms, "root", kStart, "/bin/ls", "; reboot");
  EXPECT_FALSE(reply.permitted());
  EXPECT_TRUE(absl::StrContains(reply.reason(), "shell operators"));
  EXPECT_EQ(reply.line(), 2u);
}

TEST_F(PolicyCheckTest, DestinationOfARoundTripIsChecked) {
  constexpr char kPorts[] = "http_loopback_ports: 80\n";
  EXPECT_TRUE(Check(kPorts, "root", kStart, "http.RoundTrip", "localhost:80").permitted());
  const v1::CheckPolicyReply reply =
      Check(kPorts, "root", kStart, "http.RoundTrip", "localhost:81");
  EXPECT_FALSE(reply.permitted());
  EXPECT_EQ(reply.line(), 1u);
}

TEST_F(PolicyCheckTest, FileThatHasChangedDecidesNothing) {
  Write("deny: \"root\"\n");
  const PolicyStore store(path_);
  Write("# corrected\n");
  const v1::CheckPolicyReply reply = Ask(store, "root");
  EXPECT_FALSE(reply.permitted());
  EXPECT_TRUE(reply.file_has_changed());
  EXPECT_EQ(reply.line(), 0u);
  unlink(path_.c_str());
  EXPECT_TRUE(Ask(store, "root").file_has_changed());
}

TEST_F(PolicyCheckTest, UnknownOperationAndNoUserAreErrors) {
  const PolicyStore store("/nonexistent/policy");
  v1::CheckPolicyRequest request;
  request.set_user("root");
  request.set_operation("ListFiles");
  EXPECT_TRUE(
      absl::StrContains(ExplainPolicy(store, request).status().message(), "ListFilesInGuest"));
  request.set_operation("ListFilesInGuest");
  request.clear_user();
  EXPECT_TRUE(absl::IsInvalidArgument(ExplainPolicy(store, request).status()));
}

}  // namespace
}  // namespace toolboxd
