// SPDX-License-Identifier: Apache-2.0

#include "rpctool/host.h"

#include "rpctool/host_channel.h"
#include "rpctool/socket_client.h"
#include "transportd/backdoor/constants.h"

namespace toolboxd::rpctool {
namespace {

constexpr char kMalformed[] = "RpcOut: Invalid format for the result of the RPCI command";

const char* FailureText(Step step) {
  switch (step) {
    case Step::kOpen:
      return "RpcOut: Unable to open the communication channel";
    case Step::kSend:
      return "RpcOut: Unable to send the RPCI command";
    case Step::kReceive:
      return "RpcOut: Unable to receive the result of the RPCI command";
    case Step::kDone:
      break;
  }
  return kMalformed;
}

}  // namespace

Answer Host::Ask(std::string_view request) {
  std::string reply;
  Outcome outcome;
  if (AskTransportd(socket_, request, kPatienceMs, outcome, reply)) {
    if (outcome == Outcome::kMalformed) return {Answer::Kind::kFailure, kMalformed};
    return {outcome == Outcome::kSuccess ? Answer::Kind::kSuccess : Answer::Kind::kFailure,
            std::move(reply)};
  }
  if (!HasBackdoor()) return {};
  Step step = HostChannel(&port_).Exchange(request, reply);
  if (step != Step::kDone && request.size() <= backdoor::kMaxMessageSize) {
    step = HostChannel(&port_).Exchange(request, reply);
  }
  if (step != Step::kDone) return {Answer::Kind::kFailure, FailureText(step)};
  const std::string_view start = std::string_view(reply).substr(0, 2);
  if (start != "1 " && start != "0 ") return {Answer::Kind::kFailure, kMalformed};
  return {start == "1 " ? Answer::Kind::kSuccess : Answer::Kind::kFailure, reply.substr(2)};
}

bool Host::HasBackdoor() {
  if (backdoor_ == Backdoor::kUnknown) {
    const bool usable =
        backdoor::IsVmwareCpu(cpuid_) && backdoor::Probe(port_) == backdoor::ProbeResult::kAnswered;
    backdoor_ = usable ? Backdoor::kUsable : Backdoor::kAbsent;
  }
  return backdoor_ == Backdoor::kUsable;
}

backdoor::Registers Host::Command(uint16_t command) {
  backdoor::Registers registers;
  registers.ax = backdoor::kMagic;
  registers.cx = command;
  registers.dx = backdoor::kLowBandwidthPort;
  port_.In(registers);
  return registers;
}

}  // namespace toolboxd::rpctool
