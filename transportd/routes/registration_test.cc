// SPDX-License-Identifier: Apache-2.0

#include "transportd/routes/registration.h"

#include "gtest/gtest.h"
#include "transportd/rpc/testing/rpci_recorder.h"

namespace toolboxd {
namespace {

class RegistrationTest : public testing::Test {
 protected:
  RegistrationTest() {
    AddRegistrationRoutes(router_, host_.Send(),
                          {.on_reset = [this] { host_.requests.push_back("(reset)"); },
                           .on_registered =
                               [this](bool accepted) {
                                 host_.requests.push_back(accepted ? "(accepted)" : "(refused)");
                               }});
  }

  RpciRecorder host_;
  Router router_;
};

TEST_F(RegistrationTest, ResetIsAnsweredAfterItsEvent) {
  EXPECT_EQ(router_.Dispatch("reset").Encode(), "OK ATR toolbox");
  EXPECT_EQ(host_.requests, (std::vector<std::string>{"(reset)"}));
}

TEST_F(RegistrationTest, PingIsAHeartbeat) {
  const TcloReply reply = router_.Dispatch("ping");
  EXPECT_EQ(reply.Encode(), "OK ");
  EXPECT_EQ(reply.pace, Pace::kHeartbeat);
  EXPECT_EQ(router_.Dispatch(std::string("ping\0", 5)).Encode(), "OK ");
}

TEST_F(RegistrationTest, CapabilitiesAreSentInOrder) {
  EXPECT_EQ(router_.Dispatch("Capabilities_Register").Encode(), "OK ");
  EXPECT_EQ(host_.requests,
            (std::vector<std::string>{
                "tools.set.version 2147483647", "tools.capability.statechange ",
                "tools.capability.softpowerop_retry ", "tools.capability.hgfs_server toolbox 1",
                "tools.capability.features 36=1", "(accepted)"}));
}

TEST_F(RegistrationTest, RefusedCapabilityDoesNotStopTheOthers) {
  host_.refused = {"tools.capability.statechange "};
  EXPECT_EQ(router_.Dispatch("Capabilities_Register").Encode(), "OK ");
  EXPECT_EQ(host_.requests.size(), 6u);
  EXPECT_EQ(host_.requests.back(), "(accepted)");
}

TEST_F(RegistrationTest, RefusedVersionIsARefusedRegistration) {
  host_.refused = {"tools.set.version 2147483647"};
  EXPECT_EQ(router_.Dispatch("Capabilities_Register").Encode(), "OK ");
  EXPECT_EQ(host_.requests.back(), "(refused)");
}

TEST_F(RegistrationTest, BrokenChannelIsARefusedRegistration) {
  host_.down = true;
  EXPECT_EQ(router_.Dispatch("Capabilities_Register").Encode(), "OK ");
  EXPECT_EQ(host_.requests, (std::vector<std::string>{"(refused)"}));
}

}  // namespace
}  // namespace toolboxd
