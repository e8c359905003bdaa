// SPDX-License-Identifier: Apache-2.0

#include "transportd/host_channels.h"

#include "gtest/gtest.h"
#include "transportd/backdoor/detect.h"
#include "transportd/backdoor/testing/fake_host.h"
#include "transportd/vsock/testing/socketpair_system.h"

namespace toolboxd {
namespace {

TEST(TransportChoice, IsOneOfThreeNames) {
  EXPECT_EQ(ParseTransportChoice("auto").value(), TransportChoice::kAuto);
  EXPECT_EQ(ParseTransportChoice("vsock").value(), TransportChoice::kVsock);
  EXPECT_EQ(ParseTransportChoice("backdoor").value(), TransportChoice::kBackdoor);
  for (const char* name : {"", "Auto", "vsock ", "port"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseTransportChoice(name).status())) << name;
  }
}

TEST(HostChannels, TakeTheWaysThatArePermitted) {
  const std::pair<TransportChoice, const char*> kCases[] = {
      {TransportChoice::kAuto, "vsock"},
      {TransportChoice::kVsock, "vsock"},
      {TransportChoice::kBackdoor, "backdoor"},
  };
  for (const auto& [choice, carrier] : kCases) {
    backdoor::FakeHost host;
    vsock::SocketpairSystem system;
    HostChannels channels({&host, &system, choice});
    for (Channel* channel : {channels.rpci(), channels.tclo()}) {
      ASSERT_TRUE(channel->Open().ok());
      EXPECT_EQ(channel->Describe(), carrier);
    }
    EXPECT_EQ(host.opens > 0, choice == TransportChoice::kBackdoor);
    EXPECT_EQ(system.connected.empty(), choice == TransportChoice::kBackdoor);
  }
}

TEST(HostChannels, RefusedVsockIsAnErrorWhereNothingElseIsPermitted) {
  backdoor::FakeHost host;
  vsock::SocketpairSystem system;
  system.socket_results = {-EAFNOSUPPORT, -EAFNOSUPPORT};
  HostChannels vsock_only({&host, &system, TransportChoice::kVsock});
  EXPECT_FALSE(vsock_only.tclo()->Open().ok());
  EXPECT_EQ(host.opens, 0);
  HostChannels any({&host, &system, TransportChoice::kAuto});
  EXPECT_TRUE(any.tclo()->Open().ok());
  EXPECT_EQ(any.tclo()->Reason(),
            "this machine has no vsock: Address family not supported by protocol");
}

TEST(AbsentPort, LooksLikeAHostThatIsGone) {
  AbsentPort port;
  EXPECT_FALSE(backdoor::ProbeBackdoor(port).ok());
  backdoor::MessageChannel channel(&port, backdoor::kProtocolRpci);
  EXPECT_TRUE(absl::IsUnavailable(channel.Open()));
  const backdoor::HostDescription host = backdoor::DescribeHost(port);
  EXPECT_EQ(host.product, "");
  EXPECT_EQ(host.hardware_version, 0u);
}

}  // namespace
}  // namespace toolboxd
