// SPDX-License-Identifier: Apache-2.0

#include "transportd/rpc/rpci_client.h"

#include "gtest/gtest.h"
#include "transportd/backdoor/message_channel.h"
#include "transportd/backdoor/testing/fake_host.h"

namespace toolboxd {
namespace {

using backdoor::FakeHost;

TEST(RpciClient, ReturnsTheHostsAnswer) {
  FakeHost host;
  host.on_rpci = [](const std::string& request) {
    return request == "info-get guestinfo.ip" ? "1 10.0.0.5" : "0 No value found";
  };
  backdoor::MessageChannel channel(&host, backdoor::kProtocolRpci);
  RpciClient rpci(&channel);
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
  backdoor::MessageChannel channel(&host, backdoor::kProtocolRpci);
  RpciClient rpci(&channel);
  const std::string request("tools.os.statechange.status 1 3\0", 32);
  ASSERT_TRUE(rpci.Send(request).ok());
  EXPECT_EQ(host.rpci_requests.at(0), request);
}

TEST(RpciClient, BrokenChannelIsReopenedAndTheRequestSentAgain) {
  FakeHost host;
  backdoor::MessageChannel channel(&host, backdoor::kProtocolRpci);
  RpciClient rpci(&channel);
  ASSERT_TRUE(rpci.Send("log a").ok());
  host.ForgetChannels();
  ASSERT_TRUE(rpci.Send("log b").ok());
  EXPECT_EQ(host.opens, 2);
  EXPECT_EQ(host.rpci_requests, (std::vector<std::string>{"log a", "log b"}));
}

TEST(RpciClient, RequestWhoseAnswerWasLostIsNotSentAgain) {
  FakeHost host;
  host.on_rpci = [&host](const std::string&) {
    host.gone = true;
    return std::string("1 ");
  };
  backdoor::MessageChannel channel(&host, backdoor::kProtocolRpci);
  RpciClient rpci(&channel);
  EXPECT_TRUE(absl::IsAborted(rpci.Send("log a").status()));
  EXPECT_EQ(host.rpci_requests.size(), 1u);
}

TEST(RpciClient, CallerThatMayRepeatARequestDoesSoOnceIfItsAnswerWasLost) {
  int sent = 0;
  absl::Status error = absl::AbortedError("lost");
  const RpciSend repeat = RepeatLost([&](absl::string_view) -> absl::StatusOr<RpciReply> {
    if (++sent == 1) return error;
    return RpciReply{true, "data"};
  });
  EXPECT_EQ(repeat("log a")->data, "data");
  EXPECT_EQ(sent, 2);
  sent = 0;
  error = absl::UnavailableError("no channel");
  EXPECT_FALSE(repeat("log a").ok());
  EXPECT_EQ(sent, 1);
}

TEST(RpciClient, SecondFailureIsReturned) {
  FakeHost host;
  host.gone = true;
  backdoor::MessageChannel channel(&host, backdoor::kProtocolRpci);
  RpciClient rpci(&channel);
  EXPECT_TRUE(absl::IsUnavailable(rpci.Send("log a").status()));
  EXPECT_LE(host.steps, 8);
  host.gone = false;
  EXPECT_TRUE(rpci.Send("log a").ok());
}

TEST(RpciClient, AnswerOutsideTheProtocolIsAnError) {
  for (const char* answer : {"1", "0", "2 x", "OK", "x"}) {
    FakeHost host;
    host.on_rpci = [&](const std::string&) { return std::string(answer); };
    backdoor::MessageChannel channel(&host, backdoor::kProtocolRpci);
    RpciClient rpci(&channel);
    EXPECT_TRUE(absl::IsDataLoss(rpci.Send("log a").status())) << answer;
  }
  FakeHost host;
  host.on_rpci = [](const std::string&) { return std::string(); };
  backdoor::MessageChannel channel(&host, backdoor::kProtocolRpci);
  RpciClient rpci(&channel);
  EXPECT_TRUE(absl::IsAborted(rpci.Send("log a").status()));
}

TEST(RpciClient, TooLongRequestLeavesTheChannelOpen) {
  FakeHost host;
  backdoor::MessageChannel channel(&host, backdoor::kProtocolRpci);
  RpciClient rpci(&channel);
  ASSERT_TRUE(rpci.Send("log a").ok());
  EXPECT_TRUE(absl::IsInvalidArgument(rpci.Send(std::string(70000, 'x')).status()));
  ASSERT_TRUE(rpci.Send("log a").ok());
  EXPECT_EQ(host.opens, 1);
}

}  // namespace
}  // namespace toolboxd
