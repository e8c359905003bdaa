// SPDX-License-Identifier: Apache-2.0

#include "transportd/policy/policy_store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/match.h"
#include "base/status.h"
#include "base/testing/host_port_cases.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

class PolicyStoreTest : public ::testing::Test {
 protected:
  PolicyStore Store(const std::string& text) {
    const std::string path = std::string(getenv("TEST_TMPDIR")) + "/policy.textproto";
    std::ofstream(path) << text;
    return PolicyStore(path);
  }
};

bool Disabled(const absl::Status& status) { return ReasonOf(status) == v1::DISABLED_BY_POLICY; }
bool Disabled(const absl::StatusOr<std::string>& result) { return Disabled(result.status()); }

TEST_F(PolicyStoreTest, MissingFilePermitsEverything) {
  PolicyStore store("/nonexistent/policy.textproto");
  EXPECT_TRUE(store.CheckOperation(Operation::kStartProgram).ok());
  EXPECT_TRUE(store.user_rules()->Check("root").ok());
  EXPECT_TRUE(store.CheckProgram({"/bin/sh", "-c 'a; b'", "/tmp", /*has_environment=*/true}).ok());
  EXPECT_FALSE(store.state().found);
}

TEST_F(PolicyStoreTest, BrokenFilePermitsNothing) {
  PolicyStore store = Store("disable_guest_operations: maybe");
  EXPECT_TRUE(Disabled(store.CheckOperation(Operation::kListFiles)));
  EXPECT_TRUE(Disabled(store.user_rules()->Check("root")));
  EXPECT_TRUE(Disabled(store.CheckProgram({"/bin/sh", ""})));
  EXPECT_TRUE(Disabled(store.CheckHttpDestination("localhost:80")));
}

TEST_F(PolicyStoreTest, UnreadableFilePermitsNothing) {
  PolicyStore store(getenv("TEST_TMPDIR"));
  EXPECT_TRUE(Disabled(store.CheckOperation(Operation::kListFiles)));
  EXPECT_TRUE(store.state().found);
  EXPECT_EQ(store.state().faults.size(), 1u);
}

TEST_F(PolicyStoreTest, ErrorNamesItsLine) {
  const absl::Status status = ParsePolicy("deny: \"a\"\nnonsense: 1").status();
  EXPECT_TRUE(absl::StrContains(status.message(), "line 2")) << status;
}

TEST_F(PolicyStoreTest, UnknownOperationBreaksTheFile) {
  PolicyStore store = Store("disabled_operations: \"StartProgramsInGuest\"");
  EXPECT_TRUE(Disabled(store.CheckOperation(Operation::kListFiles)));
  const absl::Status status = ParsePolicy("disabled_operations: \"startPrograminguest\"").status();
  EXPECT_TRUE(absl::StrContains(status.message(), "StartProgramInGuest")) << status;
}

TEST_F(PolicyStoreTest, EachOperationCanBeDisabledByItsName) {
  for (const OperationName& disabled : kOperationNames) {
    PolicyStore store = Store("disabled_operations: \"" + std::string(disabled.name) + "\"");
    for (const OperationName& other : kOperationNames) {
      EXPECT_EQ(Disabled(store.CheckOperation(other.operation)),
                other.operation == disabled.operation)
          << disabled.name << " " << other.name;
    }
  }
}

TEST_F(PolicyStoreTest, UnknownUsersDoNotBreakTheFile) {
  EXPECT_TRUE(
      Store("deny: \"no such user\" deny: \"@none\"").CheckOperation(Operation::kListFiles).ok());
}

TEST_F(PolicyStoreTest, ReloadOfACorrectedFilePermitsAgain) {
  const std::string path = std::string(getenv("TEST_TMPDIR")) + "/reload.textproto";
  std::ofstream(path) << "nonsense";
  PolicyStore store(path);
  EXPECT_FALSE(store.CheckOperation(Operation::kListFiles).ok());
  ASSERT_EQ(store.state().faults.size(), 1u);
  EXPECT_TRUE(absl::StrContains(store.state().faults[0], path + ": line 1"))
      << store.state().faults[0];
  std::ofstream(path) << "disabled_operations: \"MoveFileInGuest\"";
  EXPECT_TRUE(store.Load().ok());
  EXPECT_TRUE(store.CheckOperation(Operation::kListFiles).ok());
  EXPECT_TRUE(Disabled(store.CheckOperation(Operation::kMoveFile)));
  EXPECT_TRUE(store.state().found);
  EXPECT_TRUE(store.state().faults.empty());
}

TEST_F(PolicyStoreTest, AllGuestOperationsCanBeDisabled) {
  EXPECT_TRUE(
      Disabled(Store("disable_guest_operations: true").CheckOperation(Operation::kListFiles)));
}

TEST_F(PolicyStoreTest, RulesForUsersAreThoseOfTheLastReading) {
  const std::string path = std::string(getenv("TEST_TMPDIR")) + "/users.textproto";
  std::ofstream(path) << "allow: \"@root\" deny: \"daemon\"";
  PolicyStore store(path);
  const std::shared_ptr<const UserRules> old = store.user_rules();
  EXPECT_TRUE(old->Check("root").ok());
  EXPECT_TRUE(Disabled(old->Check("daemon")));
  std::ofstream(path) << "disable_guest_operations: true";
  EXPECT_TRUE(store.Load().ok());
  EXPECT_TRUE(store.RefusesAll());
  EXPECT_TRUE(Disabled(store.user_rules()->Check("root")));
  // What a login still uses does not change below it.
  EXPECT_TRUE(old->Check("root").ok());
}

TEST_F(PolicyStoreTest, ListedProgramsTakePlainArgumentsOnly) {
  PolicyStore store = Store("programs: \"/bin/date\" programs: \"echo.Upper\"");
  EXPECT_TRUE(store.CheckProgram({"/bin/date", "--date=@1 -u 'a b'"}).ok());
  EXPECT_TRUE(store.CheckProgram({"echo.Upper", ""}).ok());
  EXPECT_TRUE(Disabled(store.CheckProgram({"/bin/sh", ""})));
  EXPECT_TRUE(Disabled(store.CheckProgram({"/bin/date --x", ""})));
  for (const char* arguments : {"; sh", "& sh", "| sh", "`sh`", "$(sh)", "> /etc/passwd", "\nsh"}) {
    EXPECT_TRUE(Disabled(store.CheckProgram({"/bin/date", arguments}))) << arguments;
  }
}

TEST_F(PolicyStoreTest, ListedProgramsTakeNoEnvironmentOfTheCaller) {
  EXPECT_TRUE(Disabled(Store("programs: \"/bin/date\"")
                           .CheckProgram({"/bin/date", "", "", /*has_environment=*/true})));
  EXPECT_TRUE(
      Store("deny: \"bob\"").CheckProgram({"/bin/date", "", "", /*has_environment=*/true}).ok());
}

TEST_F(PolicyStoreTest, WorkingDirectoryOfAProgramCanBeFixed) {
  PolicyStore store = Store(
      "programs: \"/bin/date\" "
      "fixed_programs { program: \"/bin/make\" working_directory: \"/srv/a\" } "
      "fixed_programs { program: \"/bin/make\" working_directory: \"/srv/b\" }");
  EXPECT_EQ(*store.CheckProgram({"/bin/make", "all"}), "/srv/a");
  EXPECT_EQ(*store.CheckProgram({"/bin/make", "all", "/srv/b"}), "/srv/b");
  for (const char* other : {"/srv", "/srv/a/", "/srv/a/..", "/tmp", "srv/a"}) {
    EXPECT_TRUE(Disabled(store.CheckProgram({"/bin/make", "all", other}))) << other;
  }
  EXPECT_TRUE(Disabled(store.CheckProgram({"/bin/make", "all; sh", "/srv/a"})));
  EXPECT_TRUE(Disabled(store.CheckProgram({"/bin/make", "all", "", /*has_environment=*/true})));
  EXPECT_EQ(*store.CheckProgram({"/bin/date", "", "/tmp"}), "/tmp");
  EXPECT_TRUE(Disabled(store.CheckProgram({"/bin/sh", ""})));
}

TEST_F(PolicyStoreTest, FixedProgramNeedsBothPaths) {
  for (const char* entry : {"program: \"/bin/make\"", "working_directory: \"/srv\"",
                            "program: \"make\" working_directory: \"/srv\"",
                            "program: \"/bin/make\" working_directory: \"srv\""}) {
    EXPECT_FALSE(ParsePolicy(absl::StrCat("fixed_programs { ", entry, " }")).ok()) << entry;
  }
}

TEST_F(PolicyStoreTest, LoopbackPortsCanBeListed) {
  PolicyStore store = Store(
      "http_loopback_ports: 80 http_loopback_ports: 8080 http_destinations: \"*:2375\" "
      "http_destinations: \"localhost:9090\" http_destinations: \"[::1]:*\"");
  for (const char* good : {"localhost:80", "127.9.9.9:8080", "[::1]:80", "localhost:9090",
                           "[::1]:6379", "example.com:2375"}) {
    EXPECT_TRUE(store.CheckHttpDestination(good).ok()) << good;
  }
  for (const char* bad : {"localhost:2375", "127.0.0.1:9090", "127.0.0.1:6379"}) {
    EXPECT_TRUE(Disabled(store.CheckHttpDestination(bad))) << bad;
  }
  // A name may resolve to anything.
  EXPECT_FALSE(store.MayReachLoopback("example.com:2375"));
  EXPECT_TRUE(store.MayReachLoopback("example.com:80"));
  EXPECT_TRUE(Store("").MayReachLoopback("example.com:2375"));
  EXPECT_TRUE(Disabled(Store("http_loopback_ports: 0").CheckHttpDestination("localhost:80")));
  EXPECT_FALSE(ParsePolicy("http_loopback_ports: 65536").ok());
}

TEST_F(PolicyStoreTest, HttpReachesLoopbackOnlyUnlessListed) {
  PolicyStore store = Store("http_destinations: \"10.0.0.5:80\" http_destinations: \"*:8080\"");
  for (const char* good : {"localhost:80", "127.0.0.1:1", "127.9.9.9:443", "[::1]:80",
                           "10.0.0.5:80", "example.com:8080"}) {
    EXPECT_TRUE(store.CheckHttpDestination(good).ok()) << good;
  }
  for (const char* bad : {"10.0.0.5:81", "127.0.0.1.evil.com:80", "1270.0.0.1:80", "0.0.0.0:80",
                          "[::]:80", "127.x.0.1:80"}) {
    EXPECT_TRUE(Disabled(store.CheckHttpDestination(bad))) << bad;
  }
  EXPECT_EQ(ReasonOf(store.CheckHttpDestination("localhost")), v1::INVALID_ARGUMENT);
}

TEST_F(PolicyStoreTest, DestinationThatCannotBeMeantBreaksTheFile) {
  for (const char* entry : {"fd00::1:443", "host", "host:", ":80", "[fd00::1:443", "host:http"}) {
    const absl::StatusOr<v1::Policy> policy =
        ParsePolicy(absl::StrCat("http_destinations: \"", entry, "\""));
    EXPECT_TRUE(absl::IsInvalidArgument(policy.status())) << entry;
  }
  EXPECT_TRUE(ParsePolicy("http_destinations: \"[fd00::1]:443\"").ok());
  EXPECT_TRUE(ParsePolicy("http_destinations: \"*:*\"").ok());
}

TEST_F(PolicyStoreTest, HttpDestinationsAreReadLikeInVixd) {
  PolicyStore store = Store("http_destinations: \"*:*\"");
  for (const HostPortCase& item : kHostPortCases) {
    const absl::Status status = store.CheckHttpDestination(item.text);
    EXPECT_EQ(status.ok(), item.port != 0) << item.text;
    EXPECT_EQ(store.IsHttpDestinationListed(item.text), item.port != 0) << item.text;
    if (item.port == 0) {
      EXPECT_EQ(ReasonOf(status), v1::INVALID_ARGUMENT) << item.text;
    }
  }
}

TEST_F(PolicyStoreTest, FileThatOthersCouldWritePermitsNothing) {
  const std::string path = std::string(getenv("TEST_TMPDIR")) + "/open.textproto";
  std::ofstream(path) << "";
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  PolicyStore store(path);
  EXPECT_TRUE(store.CheckOperation(Operation::kListFiles).ok());
  ASSERT_EQ(chmod(path.c_str(), 0646), 0);
  const absl::Status loaded = store.Load();
  EXPECT_TRUE(absl::StrContains(loaded.message(), "run: chmod go-w " + path)) << loaded;
  EXPECT_FALSE(store.CheckOperation(Operation::kListFiles).ok());
  EXPECT_EQ(store.state().faults.size(), 1u);
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  EXPECT_TRUE(store.Load().ok());
  EXPECT_TRUE(store.CheckOperation(Operation::kListFiles).ok());
}

}  // namespace
}  // namespace toolboxd
