// SPDX-License-Identifier: Apache-2.0

#include "rpctool/host.h"

#include <errno.h>

#include <cstring>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "rpctool/testing/vmware_cpuid.h"
#include "transportd/backdoor/probe.h"
#include "transportd/backdoor/testing/fake_host.h"

namespace toolboxd::rpctool {
namespace {

using Kind = Answer::Kind;

backdoor::CpuidResult OtherCpuid(uint32_t) { return {}; }

// A host over vsock that refuses, or takes a request and says this.
class VsockHost final : public VsockCalls {
 public:
  bool offers = true;
  std::string answer = std::string("\0\0\0\x21\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\0", 20) +
                       std::string("\0\0\0\2\0\0\0\2\0\0\0\5", 12) + "1 yes";
  int sockets = 0;

  long Socket() override { return offers ? ++sockets : -EAFNOSUPPORT; }
  long Bind(long, uint32_t) override { return 0; }
  long Connect(long, uint32_t) override { return 0; }
  long ConnectResult(long) override { return 0; }
  long Send(long, std::string_view bytes) override { return static_cast<long>(bytes.size()); }
  long Receive(long, char* bytes, size_t size) override {
    const size_t part = answer.copy(bytes, size);
    answer.erase(0, part);
    return static_cast<long>(part);
  }
  long Wait(long, short, int) override { return 1; }
  int64_t NowMs() override { return 0; }
  void Close(long) override {}
};

class HostTest : public testing::Test {
 protected:
  HostTest() {
    port_.on_rpci = [](const std::string& request) { return "1 " + request; };
  }
  Answer Ask(Host::Cpuid cpuid = VmwareCpuid) {
    host_.emplace(&port_, &vsock_, cpuid, backdoor::Probe, "");
    return host_->Ask("log a");
  }

  backdoor::FakeHost port_;
  VsockHost vsock_;
  std::optional<Host> host_;
};

TEST_F(HostTest, VsockIsPreferredToTheBackdoor) {
  const Answer answer = Ask();
  EXPECT_EQ(answer.kind, Kind::kSuccess);
  EXPECT_EQ(answer.text, "yes");
  EXPECT_EQ(port_.steps, 0);
}

TEST_F(HostTest, BackdoorServesWhereThereIsNoVsock) {
  vsock_.offers = false;
  const Answer answer = Ask();
  EXPECT_EQ(answer.kind, Kind::kSuccess);
  EXPECT_EQ(answer.text, "log a");
}

TEST_F(HostTest, RequestThatTheHostMayHaveActedOnGoesNoOtherWay) {
  vsock_.answer.clear();
  const Answer answer = Ask();
  EXPECT_EQ(answer.kind, Kind::kFailure);
  EXPECT_EQ(answer.text, "RpcOut: Unable to receive the result of the RPCI command");
  EXPECT_EQ(port_.steps, 0);
  EXPECT_EQ(vsock_.sockets, 1);
}

TEST_F(HostTest, BrokenBackdoorGetsARequestAgainOnlyIfTheHostDoesNotHaveIt) {
  vsock_.offers = false;
  port_.on_rpci = [this](const std::string&) {
    port_.gone = true;
    return std::string("1 ");
  };
  EXPECT_EQ(Ask().text, "RpcOut: Unable to receive the result of the RPCI command");
  EXPECT_EQ(port_.rpci_requests.size(), 1u);
  port_.gone = false;
  port_.refuse_messages = true;
  EXPECT_EQ(Ask().text, "RpcOut: Unable to send the RPCI command");
  EXPECT_EQ(port_.opens, 3);
}

TEST_F(HostTest, OutsideVmwareVsockIsNotTouched) {
  EXPECT_EQ(Ask(OtherCpuid).kind, Kind::kNoHost);
  EXPECT_EQ(vsock_.sockets, 0);
}

}  // namespace
}  // namespace toolboxd::rpctool
