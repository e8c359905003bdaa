// SPDX-License-Identifier: Apache-2.0

#include "rpctool/host.h"

#include <cstring>

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
  if (!AskTransportd(socket_, request, kPatienceMs, reply_)) {
    if (vsock_ == nullptr || !IsVmware()) return AskByBackdoor(request);
    bool sent = false;
    const Answer answer = AskByVsock(request, sent);
    return sent ? answer : AskByBackdoor(request);
  }
  if (reply_.outcome == Outcome::kMalformed) return {Answer::Kind::kFailure, kMalformed};
  if (reply_.outcome == Outcome::kNoAnswer) {
    return {Answer::Kind::kFailure, FailureText(Step::kReceive)};
  }
  const bool success = reply_.outcome == Outcome::kSuccess;
  return {success ? Answer::Kind::kSuccess : Answer::Kind::kFailure, reply_.text};
}

Answer Host::AskByVsock(std::string_view request, bool& sent) {
  VsockChannel channel(vsock_);
  std::string_view answer;
  const VsockOutcome outcome = channel.Exchange(request, answer);
  sent = outcome != VsockOutcome::kNotSent;
  if (!sent) return {};
  if (outcome == VsockOutcome::kNoAnswer) {
    return {Answer::Kind::kFailure, FailureText(Step::kReceive)};
  }
  static_assert(sizeof reply_.packet >= VsockChannel::kMaxPayload);
  memcpy(reply_.packet, answer.data(), answer.size());
  return Decode({reply_.packet, answer.size()});
}

Answer Host::AskByBackdoor(std::string_view request) {
  static_assert(sizeof reply_.packet >= backdoor::kMaxMessageSize);
  if (!HasBackdoor()) return {};
  size_t size = 0;
  Step step = HostChannel(&port_).Exchange(request, reply_.packet, size);
  // Without the whole message the host does not act on it.
  if ((step == Step::kOpen || step == Step::kSend) && request.size() <= backdoor::kMaxMessageSize) {
    step = HostChannel(&port_).Exchange(request, reply_.packet, size);
  }
  if (step != Step::kDone) return {Answer::Kind::kFailure, FailureText(step)};
  return Decode({reply_.packet, size});
}

Answer Host::Decode(std::string_view text) {
  const bool success = text.size() >= 2 && text[0] == '1' && text[1] == ' ';
  const bool refused = text.size() >= 2 && text[0] == '0' && text[1] == ' ';
  if (!success && !refused) return {Answer::Kind::kFailure, kMalformed};
  text.remove_prefix(2);
  return {success ? Answer::Kind::kSuccess : Answer::Kind::kFailure, text};
}

bool Host::HasBackdoor() {
  if (backdoor_ == Found::kUnknown) {
    const bool usable = IsVmware() && probe_(port_) == backdoor::ProbeResult::kAnswered;
    backdoor_ = usable ? Found::kYes : Found::kNo;
  }
  return backdoor_ == Found::kYes;
}

bool Host::IsVmware() {
  if (vmware_ == Found::kUnknown) {
    vmware_ = backdoor::IsVmwareCpu(cpuid_) ? Found::kYes : Found::kNo;
  }
  return vmware_ == Found::kYes;
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
