// SPDX-License-Identifier: Apache-2.0

#include "rpctool/host_channel.h"

#include "gtest/gtest.h"
#include "transportd/backdoor/testing/fake_host.h"

namespace toolboxd::rpctool {
namespace {

class HostChannelTest : public testing::TestWithParam<bool> {
 protected:
  HostChannelTest() {
    host_.high_bandwidth = GetParam();
    host_.on_rpci = [](const std::string& request) { return "1 " + request; };
  }
  Step Exchange(backdoor::Port& port, std::string_view request) {
    size_t size = 1;
    reply_.assign(backdoor::kMaxMessageSize, '?');
    const Step step = HostChannel(&port).Exchange(request, reply_.data(), size);
    reply_.resize(size);
    return step;
  }
  Step Exchange(std::string_view request) { return Exchange(host_, request); }

  backdoor::FakeHost host_;
  std::string reply_;
};

INSTANTIATE_TEST_SUITE_P(Bandwidth, HostChannelTest, testing::Bool());

TEST_P(HostChannelTest, MessageOfEveryTailLengthArrives) {
  for (size_t size = 1; size <= 9; ++size) {
    const std::string request = std::string("a\0\xff\n bcdefg", 11).substr(0, size);
    EXPECT_EQ(Exchange(request), Step::kDone);
    EXPECT_EQ(reply_, "1 " + request);
  }
  EXPECT_EQ(host_.open_channels(), 0u);
}

TEST_P(HostChannelTest, LongestRequestArrivesAndALongerOneIsNotSent) {
  host_.on_rpci = [](const std::string&) { return std::string("1 "); };
  EXPECT_EQ(Exchange(std::string(65536, 'x')), Step::kDone);
  EXPECT_EQ(host_.rpci_requests.back().size(), 65536u);
  EXPECT_EQ(Exchange(std::string(65537, 'x')), Step::kSend);
  EXPECT_EQ(host_.rpci_requests.size(), 1u);
}

TEST_P(HostChannelTest, ReplyOverTheLimitIsRefused) {
  host_.on_rpci = [](const std::string&) { return std::string(65537, '1'); };
  EXPECT_EQ(Exchange("x"), Step::kReceive);
  EXPECT_TRUE(reply_.empty());
}

TEST_P(HostChannelTest, CheckpointAtAnyStepCostsNothing) {
  Exchange("info-get guestinfo.x");
  const int steps = host_.steps;
  for (int step = 1; step <= steps; ++step) {
    backdoor::FakeHost host;
    host.high_bandwidth = GetParam();
    host.on_rpci = host_.on_rpci;
    host.checkpoint_at_step = step;
    EXPECT_EQ(Exchange(host, "info-get guestinfo.x"), Step::kDone) << step;
    EXPECT_EQ(reply_, "1 info-get guestinfo.x") << step;
    EXPECT_EQ(host.rpci_requests.size(), 1u) << step;
  }
}

TEST_P(HostChannelTest, CheckpointsWithoutEndAreAnError) {
  host_.checkpoint_always = true;
  EXPECT_NE(Exchange("x"), Step::kDone);
  EXPECT_LE(host_.steps, 2 * HostChannel::kMaxRestarts + 2);
}

TEST_P(HostChannelTest, HostWithoutCookiesIsServed) {
  host_.cookies = false;
  EXPECT_EQ(Exchange("x"), Step::kDone);
  EXPECT_EQ(reply_, "1 x");
}

TEST_P(HostChannelTest, HostThatIsGoneOrRefusesIsNamedByItsStep) {
  host_.refuse_messages = true;
  EXPECT_EQ(Exchange("x"), Step::kSend);
  host_.gone = true;
  EXPECT_EQ(Exchange("x"), Step::kOpen);
}

TEST_P(HostChannelTest, EmptyRequestHasNoReply) {
  EXPECT_EQ(Exchange(""), Step::kDone);
  EXPECT_EQ(reply_, "");
}

}  // namespace
}  // namespace toolboxd::rpctool
