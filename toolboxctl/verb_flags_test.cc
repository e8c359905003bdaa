// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/verb_flags.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using Words = std::vector<std::string>;

std::string Error(const Words& words, const Words& flags) {
  const absl::Status status = CheckVerbFlags(words, flags);
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status));
  return std::string(status.message());
}

TEST(VerbFlags, CommandTakesItsOwnFlags) {
  EXPECT_EQ(Error({"status"}, {"control", "json", "watch", "interval"}), "");
  EXPECT_EQ(Error({"audit"}, {"since", "user", "json"}), "");
  EXPECT_EQ(Error({"connect", "vixd"}, {"user", "session_socket"}), "");
  EXPECT_EQ(Error({"policy", "check", "alice", "StartProgramInGuest"}, {"json"}), "");
  EXPECT_EQ(Error({"wait"}, {"for", "timeout"}), "");
  EXPECT_EQ(Error({"snapshot", "test"}, {"hold", "scripts", "snapshot_socket"}), "");
  EXPECT_EQ(Error({"rpc", "info-get guestinfo.ip"}, {"control"}), "");
}

TEST(VerbFlags, FlagOfAnotherCommandIsRefusedAndItsCommandsAreNamed) {
  EXPECT_EQ(Error({"status"}, {"json", "hold"}),
            "'status' does not take --hold, which belongs to 'snapshot test'");
  EXPECT_EQ(Error({"connect", "vixd"}, {"since"}),
            "'connect' does not take --since, which belongs to 'audit'");
  EXPECT_EQ(Error({"rpc", "x"}, {"user"}),
            "'rpc' does not take --user, which belongs to 'audit', 'connect'");
}

TEST(VerbFlags, FlagOfAnotherWordOfTheSameCommandIsRefused) {
  EXPECT_EQ(Error({"snapshot", "plan"}, {"snapshot_socket", "scripts"}),
            "'snapshot' does not take --scripts, which belongs to 'snapshot test'");
  EXPECT_EQ(Error({"namespace", "get", "a", "b"}, {"if_value"}),
            "'namespace' does not take --if_value, which belongs to 'namespace set'");
}

TEST(VerbFlags, CommandIsNotRecognizedByItsBeginning) {
  EXPECT_NE(Error({"snapshot-scripts", "freeze"}, {"snapshot_socket"}), "");
  EXPECT_NE(Error({"customization-scripts"}, {"deploy_socket"}), "");
}

TEST(VerbFlags, FlagThatNoCommandReadsIsRefused) {
  EXPECT_EQ(Error({"status"}, {"new"}), "'status' does not take --new");
}

}  // namespace
}  // namespace toolboxd
