// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/customization.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace toolboxd {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

v1::DeployState State(uint32_t state, uint32_t code, const std::string& message) {
  v1::DeployState result;
  result.set_state(state);
  result.set_code(code);
  result.set_message(message);
  return result;
}

class FakeDeployer final : public customization::Deployer {
 public:
  absl::StatusOr<std::string> Begin() override {
    ++begun;
    return directory;
  }
  absl::StatusOr<v1::DeployUpdate> Deploy(absl::string_view path, OnState on_state) override {
    deployed.emplace_back(path);
    report = std::move(on_state);
    return update;
  }

  absl::StatusOr<std::string> directory = std::string("/run/toolboxd/deploy/inbox-1/");
  absl::StatusOr<v1::DeployUpdate> update = v1::DeployUpdate();
  int begun = 0;
  std::vector<std::string> deployed;
  OnState report;
};

class CustomizationRoutesTest : public testing::Test {
 protected:
  CustomizationRoutesTest() {
    routes_.AddTo(router_);
    deployer_.update->mutable_accepted();
  }
  std::string Ask(absl::string_view request) { return router_.Dispatch(request).Encode(); }

  FakeDeployer deployer_;
  std::vector<std::string> sent_;
  bool standstill_ = false;
  bool host_accepts_ = true;
  CustomizationRoutes routes_{[this](absl::string_view request) {
                                sent_.emplace_back(request);
                                return RpciReply{host_accepts_, ""};
                              },
                              &deployer_, [this] { return standstill_; }};
  Router router_;
};

TEST_F(CustomizationRoutesTest, BeginAnswersWithTheInbox) {
  EXPECT_EQ(Ask("deployPkg.begin"), "OK /run/toolboxd/deploy/inbox-1/");
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(CustomizationRoutesTest, BeginWithoutDeploydReportsWhy) {
  deployer_.directory = absl::UnavailableError("deployd does not listen");
  EXPECT_EQ(Ask("deployPkg.begin"), "ERROR failed to get temp dir");
  EXPECT_THAT(sent_, ElementsAre("deployPkg.update.state 3 5 deployd does not listen"));
}

TEST_F(CustomizationRoutesTest, DeployReportsStateThreeAndThenWhatDeploydSays) {
  EXPECT_EQ(Ask(absl::string_view("deployPkg.deploy  /inbox/imcf-a \0", 32)), "OK ");
  EXPECT_THAT(deployer_.deployed, ElementsAre("/inbox/imcf-a"));
  EXPECT_THAT(sent_, ElementsAre("deployPkg.update.state 3"));
  deployer_.report(State(4, 0, "/var/log/x"));
  deployer_.report(State(5, 0, "/var/log/x"));
  EXPECT_THAT(sent_,
              ElementsAre("deployPkg.update.state 3", "deployPkg.update.state 4 0 /var/log/x",
                          "deployPkg.update.state 5 0 /var/log/x"));
}

TEST_F(CustomizationRoutesTest, RefusedPackageIsAnErrorWithItsState) {
  *deployer_.update->mutable_refused() = State(3, 5, "Package file /x not found");
  EXPECT_EQ(Ask("deployPkg.deploy /x"), "ERROR failed to get package file");
  EXPECT_THAT(sent_, ElementsAre("deployPkg.update.state 3",
                                 "deployPkg.update.state 3 5 Package file /x not found"));
}

TEST_F(CustomizationRoutesTest, PathsThatAreEmptyOrTooLongAreRefused) {
  EXPECT_EQ(Ask("deployPkg.deploy"), "ERROR failed to get package file");
  EXPECT_EQ(Ask("deployPkg.deploy    "), "ERROR failed to get package file");
  EXPECT_EQ(
      Ask(absl::StrCat("deployPkg.deploy /", std::string(CustomizationRoutes::kMaxPath, 'x'))),
      "ERROR failed to get package file");
  EXPECT_THAT(deployer_.deployed, IsEmpty());
}

TEST_F(CustomizationRoutesTest, SecondDeployOfAnInboxIsAnErrorWithoutAFailure) {
  deployer_.update = absl::FailedPreconditionError("a package of this inbox has been deployed");
  EXPECT_EQ(Ask("deployPkg.deploy /x"), "ERROR a package of this inbox has been deployed");
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(CustomizationRoutesTest, HungDeploydIsReportedSoThatTheHostDoesNotWait) {
  deployer_.update = absl::DeadlineExceededError("deployd did not answer within 2s");
  EXPECT_EQ(Ask("deployPkg.deploy /x"), "ERROR failed to deploy the package");
  EXPECT_THAT(sent_, ElementsAre("deployPkg.update.state 3",
                                 "deployPkg.update.state 4 100 @deployd did not answer within 2s"));
}

TEST_F(CustomizationRoutesTest, NothingIsDeployedWhileFileSystemsAreFrozen) {
  standstill_ = true;
  EXPECT_EQ(Ask("deployPkg.begin"), "ERROR failed to get temp dir");
  EXPECT_EQ(Ask("deployPkg.deploy /x"), "ERROR failed to deploy the package");
  EXPECT_EQ(deployer_.begun, 0);
  EXPECT_THAT(deployer_.deployed, IsEmpty());
}

TEST_F(CustomizationRoutesTest, HostThatRefusesAStateChangesNothing) {
  host_accepts_ = false;
  EXPECT_EQ(Ask("deployPkg.deploy /x"), "OK ");
}

TEST(EncodeDeployState, IsOneLineOfBoundedText) {
  EXPECT_EQ(EncodeDeployState(State(3, 0, "")), "deployPkg.update.state 3");
  EXPECT_EQ(EncodeDeployState(State(5, 0, "/log")), "deployPkg.update.state 5 0 /log");
  EXPECT_EQ(EncodeDeployState(State(4, 100,
                                    "a\nb\x01"
                                    "c")),
            "deployPkg.update.state 4 100 a b?c");
  std::string long_text;
  while (long_text.size() < 1100) long_text += "\u20ac";
  const std::string encoded = EncodeDeployState(State(4, 100, long_text));
  EXPECT_EQ(encoded.size(), absl::string_view("deployPkg.update.state 4 100 ").size() + 1023);
  EXPECT_TRUE(IsUtf8(encoded));
}

}  // namespace
}  // namespace toolboxd
