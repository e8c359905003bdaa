// SPDX-License-Identifier: Apache-2.0

#include "transportd/rpc/rpci_client.h"

#include "gtest/gtest.h"
#include "transportd/backdoor/testing/fake_host.h"

namespace toolboxd {
namespace {

using backdoor::FakeHost;

TEST(RpciClient, ReturnsTheHostsAnswer) {
  FakeHost host;
  host.on_rpci = [](const std::string& request) {
    return request == "info-get guestinfo.ip" ? "1 10.0.0.5" : "0 No value found";
  };
  RpciClient rpci(&host);
  const auto found = rpci.Send("info-get guestinfo.ip");
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->success);
  EXPECT_EQ(found->data, "10.0.0.5");
  const auto missing = rpci.Send("info-get guestinfo.x");
  ASSERT_TRUE(missing.ok());
  EXPECT_FALSE(missing->success);
  EXPECT_EQ(missing->data, "No value found");
  EXPECT_EQ(host.opens, 1);
}

TEST(RpciClient, RequestIsSentUnchanged) {
  FakeHost host;
  RpciClient rpci(&host);
  const std::string request("tools.os.statechange.status 1 3\0", 32);
  ASSERT_TRUE(rpci.Send(request).ok());
  EXPECT_EQ(host.rpci_requests.at(0), request);
}

TEST(RpciClient, BrokenChannelIsReopenedAndTheRequestSentAgain) {
  FakeHost host;
  RpciClient rpci(&host);
  ASSERT_TRUE(rpci.Send("log a").ok());
  host.ForgetChannels();
  ASSERT_TRUE(rpci.Send("log b").ok());
  EXPECT_EQ(host.opens, 2);
  EXPECT_EQ(host.rpci_requests, (std::vector<std::string>{"log a", "log b"}));
}

TEST(RpciClient, SecondFailureIsReturned) {
  FakeHost host;
  host.gone = true;
  RpciClient rpci(&host);
  EXPECT_TRUE(absl::IsUnavailable(rpci.Send("log a").status()));
  EXPECT_LE(host.steps, 8);
  host.gone = false;
  EXPECT_TRUE(rpci.Send("log a").ok());
}

TEST(RpciClient, AnswerOutsideTheProtocolIsAnError) {
  for (const char* answer : {"1", "0", "2 x", "OK", "x"}) {
    FakeHost host;
    host.on_rpci = [&](const std::string&) { return std::string(answer); };
    RpciClient rpci(&host);
    EXPECT_TRUE(absl::IsDataLoss(rpci.Send("log a").status())) << answer;
  }
  FakeHost host;
  host.on_rpci = [](const std::string&) { return std::string(); };
  RpciClient rpci(&host);
  EXPECT_TRUE(absl::IsUnavailable(rpci.Send("log a").status()));
}

TEST(RpciClient, TooLongRequestLeavesTheChannelOpen) {
  FakeHost host;
  RpciClient rpci(&host);
  ASSERT_TRUE(rpci.Send("log a").ok());
  EXPECT_TRUE(absl::IsInvalidArgument(rpci.Send(std::string(70000, 'x')).status()));
  ASSERT_TRUE(rpci.Send("log a").ok());
  EXPECT_EQ(host.opens, 1);
}

}  // namespace
}  // namespace toolboxd
