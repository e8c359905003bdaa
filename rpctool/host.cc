// SPDX-License-Identifier: Apache-2.0

#include "rpctool/host.h"

#include "rpctool/host_channel.h"
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
  if (!AskTransportd(socket_, request, kPatienceMs, reply_)) return AskByBackdoor(request);
  if (reply_.outcome == Outcome::kMalformed) return {Answer::Kind::kFailure, kMalformed};
  const bool success = reply_.outcome == Outcome::kSuccess;
  return {success ? Answer::Kind::kSuccess : Answer::Kind::kFailure, reply_.text};
}

Answer Host::AskByBackdoor(std::string_view request) {
  static_assert(sizeof reply_.packet >= backdoor::kMaxMessageSize);
  if (!HasBackdoor()) return {};
  size_t size = 0;
  Step step = HostChannel(&port_).Exchange(request, reply_.packet, size);
  if (step != Step::kDone && request.size() <= backdoor::kMaxMessageSize) {
    step = HostChannel(&port_).Exchange(request, reply_.packet, size);
  }
  if (step != Step::kDone) return {Answer::Kind::kFailure, FailureText(step)};
  std::string_view text(reply_.packet, size);
  const bool success = text.size() >= 2 && text[0] == '1' && text[1] == ' ';
  const bool refused = text.size() >= 2 && text[0] == '0' && text[1] == ' ';
  if (!success && !refused) return {Answer::Kind::kFailure, kMalformed};
  text.remove_prefix(2);
  return {success ? Answer::Kind::kSuccess : Answer::Kind::kFailure, text};
}

bool Host::HasBackdoor() {
  if (backdoor_ == Backdoor::kUnknown) {
    const bool usable =
        backdoor::IsVmwareCpu(cpuid_) && probe_(port_) == backdoor::ProbeResult::kAnswered;
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
