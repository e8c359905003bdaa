// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/machine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace toolboxd::vmxsim {
namespace {

// A bit of the answer to kCommandGetGuiOptions.
constexpr uint32_t kGuiSyncTime = 0x400;

uint32_t Low32(uint64_t value) { return static_cast<uint32_t>(value); }
uint16_t Low16(uint64_t value) { return static_cast<uint16_t>(value); }
uint16_t High16(uint64_t value) { return static_cast<uint16_t>(value >> 16); }

void SetHigh16(uint64_t& reg, uint16_t value) { reg = (uint64_t{value} << 16) | (reg & 0xFFFF); }

}  // namespace

void Machine::LowBandwidth(Registers& registers) {
  ++counters_.low_bandwidth;
  const uint16_t command = Low16(registers.rcx);
  if (faults_.Vanished()) {
    // As a port without a device; a MESSAGE call sees a status without SUCCESS.
    registers.rax = 0xFFFFFFFF;
    if (command == kCommandMessage) SetHigh16(registers.rcx, 0);
    return;
  }
  switch (command) {
    case kCommandMessage:
      MessageCommand(registers);
      return;
    case kCommandGetVersion:
      registers.rax = 6;
      registers.rbx = kMagic;
      registers.rcx = 2;  // ESX
      return;
    case kCommandGetHwVersion:
      registers.rax = 17;
      return;
    case kCommandGetMhz:
      registers.rax = 2000;
      return;
    case kCommandGetTime:
    case kCommandGetTimeFull:
    case kCommandGetTimeFullWithLag:
      clock_.Answer(absl::ToUnixMicros(absl::Now()), command, registers);
      return;
    case kCommandStopCatchUp:
      clock_.StopCatchUp();
      return;
    case kCommandGetGuiOptions:
      registers.rax = sync_time_ ? kGuiSyncTime : 0;
      return;
    default:
      ++counters_.unknown_commands;
      registers.rax = 0xFFFFFFFF;
  }
}

void Machine::MessageCommand(Registers& registers) {
  const auto step = static_cast<MessageStep>(High16(registers.rcx));
  if (step == MessageStep::kOpen) {
    Open(registers);
    return;
  }
  const int id = High16(registers.rdx);
  uint16_t status = 0;
  if (FindForStep(id, Low32(registers.rsi), Low32(registers.rdi), &status) != nullptr) {
    status = Step(step, id, registers);
  }
  SetHigh16(registers.rcx, status);
}

void Machine::Open(Registers& registers) {
  const uint32_t protocol = Low32(registers.rbx) & ~kCookieFlag;
  const bool wants_cookie = (Low32(registers.rbx) & kCookieFlag) != 0;
  const auto free = std::find(channels_.begin(), channels_.end(), nullptr);
  if (free == channels_.end() || (protocol != kProtocolRpci && protocol != kProtocolTclo)) {
    SetHigh16(registers.rcx, 0);
    return;
  }
  const int id = static_cast<int>(free - channels_.begin());
  const uint32_t high = wants_cookie ? 0xAAAA0000 | (next_cookie_ & 0xFFFF) : 0;
  const uint32_t low = wants_cookie ? 0x5BD1E995 * next_cookie_ : 0;
  ++next_cookie_;
  *free = std::make_unique<Channel>(protocol, wants_cookie, high, low);
  closed_by_host_[id] = false;
  ++counters_.opens;
  SetHigh16(registers.rcx, kStatusSuccess);
  SetHigh16(registers.rdx, static_cast<uint16_t>(id));
  if (wants_cookie) {
    registers.rsi = high;
    registers.rdi = low;
  }
  listener_->OnOpen(id, protocol);
}

Channel* Machine::FindForStep(int id, uint32_t cookie_high, uint32_t cookie_low, uint16_t* status) {
  *status = 0;
  if (id >= kMaxChannels) {
    Violation(id, "channel number out of range");
    return nullptr;
  }
  Channel* channel = channels_[id].get();
  if (channel == nullptr) {
    if (closed_by_host_[id]) {
      *status = kStatusClosed;
    } else {
      Violation(id, "call on a channel that is not open");
    }
    return nullptr;
  }
  if (!channel->CookieMatches(cookie_high, cookie_low)) {
    ++counters_.wrong_cookies;
    Violation(id, "wrong cookie");
    return nullptr;
  }
  if (faults_.BadCookie()) return nullptr;
  return channel;
}

uint16_t Machine::Step(MessageStep step, int id, Registers& registers) {
  if (step == MessageStep::kClose) {
    Close(id, /*by_guest=*/true);
    return kStatusSuccess;
  }
  if (faults_.Checkpoint()) {
    ++counters_.checkpoints;
    channels_[id]->AbortSend();
    channels_[id]->AbortReceive();
    return kStatusCheckpoint;
  }
  switch (step) {
    case MessageStep::kSendSize:
      return SendSize(id, registers);
    case MessageStep::kSendPayload:
      return SendPayload(id, registers);
    case MessageStep::kReceiveSize:
      return ReceiveSize(id, registers);
    case MessageStep::kReceivePayload:
      return ReceivePayload(id, registers);
    case MessageStep::kReceiveStatus:
      return ReceiveStatus(id, registers);
    default:
      Violation(id, absl::StrCat("unknown sub-command ", static_cast<int>(step)));
      return 0;
  }
}

uint16_t Machine::SendSize(int id, Registers& registers) {
  Channel& channel = *channels_[id];
  const uint32_t size = Low32(registers.rbx);
  if (!channel.BeginSend(size)) return 0;
  if (size > 0) {
    return faults_.options().no_high_bandwidth ? kStatusSuccess
                                               : kStatusSuccess | kStatusHighBandwidth;
  }
  if (channel.protocol() == kProtocolTclo) ++counters_.polls;
  listener_->OnPoll(id, channel.protocol());
  return kStatusSuccess;
}

uint16_t Machine::SendPayload(int id, Registers& registers) {
  Channel& channel = *channels_[id];
  if (!channel.sending()) {
    Violation(id, "SENDPAYLOAD without SENDSIZE");
    return 0;
  }
  const uint32_t word = Low32(registers.rbx);
  const size_t count = std::min<size_t>(4, channel.SendMissing());
  if (count < 4 && (word >> (8 * count)) != 0) {
    Violation(id, "the last SENDPAYLOAD has bytes beyond the end of the message");
  }
  // x86: the first byte is in bits 7:0, here as in the register.
  if (channel.AddPayload(absl::string_view(reinterpret_cast<const char*>(&word), count))) {
    DeliverSent(id);
  }
  return kStatusSuccess;
}

uint16_t Machine::ReceiveSize(int id, Registers& registers) {
  Channel& channel = *channels_[id];
  if (!channel.HasMessage()) return kStatusSuccess;
  channel.BeginReceive();
  registers.rbx = channel.Message().size();
  SetHigh16(registers.rdx, faults_.WrongType() ? kTypeSendPayload : kTypeSendSize);
  uint16_t status = kStatusSuccess | kStatusDoReceive;
  if (!channel.Message().empty() && !faults_.options().no_high_bandwidth) {
    status |= kStatusHighBandwidth;
  }
  return status;
}

uint16_t Machine::ReceivePayload(int id, Registers& registers) {
  Channel& channel = *channels_[id];
  if (!channel.receiving() || channel.ReceiveComplete()) {
    Violation(id, "RECVPAYLOAD with nothing left to receive");
    return 0;
  }
  if ((Low32(registers.rbx) & kStatusSuccess) == 0) {
    const uint32_t protocol = channel.protocol();
    channel.EndReceive();
    listener_->OnFetched(id, protocol, /*accepted=*/false);
    return kStatusSuccess;
  }
  registers.rbx = channel.NextWord();
  SetHigh16(registers.rdx, faults_.WrongType() ? kTypeSendSize : kTypeSendPayload);
  return kStatusSuccess;
}

uint16_t Machine::ReceiveStatus(int id, Registers& registers) {
  Channel& channel = *channels_[id];
  if (!channel.receiving()) {
    Violation(id, "RECVSTATUS with nothing received");
    return 0;
  }
  const bool accepted = (Low32(registers.rbx) & kStatusSuccess) != 0;
  if (accepted && !channel.ReceiveComplete()) {
    Violation(id, "RECVSTATUS before the whole message was received");
    return 0;
  }
  ++counters_.messages_to_guest;
  counters_.bytes_to_guest += channel.Message().size();
  const uint32_t protocol = channel.protocol();
  channel.EndReceive();
  listener_->OnFetched(id, protocol, accepted);
  if (faults_.CloseAfterMessage()) CloseByHost(id);
  return kStatusSuccess;
}

void Machine::HighBandwidthOut(Registers& registers, absl::string_view bytes) {
  ++counters_.high_bandwidth;
  uint16_t status = 0;
  const int id = High16(registers.rdx);
  // The buffer displaces ESI, whose half of the cookie goes to EBP.
  Channel* channel = faults_.Vanished()
                         ? nullptr
                         : FindForStep(id, Low32(registers.rbp), Low32(registers.rdi), &status);
  if (channel != nullptr && faults_.Checkpoint()) {
    ++counters_.checkpoints;
    channel->AbortSend();
    status = kStatusCheckpoint;
  } else if (channel != nullptr) {
    if (!channel->sending() || bytes.size() != channel->SendMissing() ||
        Low16(registers.rbx) != 0) {
      Violation(id, "high-bandwidth send that does not follow its SENDSIZE");
    } else {
      status = kStatusSuccess;
      if (channel->AddPayload(bytes)) DeliverSent(id);
    }
  }
  SetHigh16(registers.rbx, status);
  registers.rsi += bytes.size();
  registers.rcx = 0;
}

absl::string_view Machine::HighBandwidthIn(Registers& registers) {
  ++counters_.high_bandwidth;
  high_bandwidth_in_.clear();
  uint16_t status = 0;
  const int id = High16(registers.rdx);
  // The buffer displaces EDI, whose half of the cookie goes to EBP.
  Channel* channel = faults_.Vanished()
                         ? nullptr
                         : FindForStep(id, Low32(registers.rsi), Low32(registers.rbp), &status);
  if (channel != nullptr && faults_.Checkpoint()) {
    ++counters_.checkpoints;
    channel->AbortReceive();
    status = kStatusCheckpoint;
  } else if (channel != nullptr) {
    if (!channel->receiving() || registers.rcx != channel->Message().size() ||
        Low16(registers.rbx) != 0) {
      Violation(id, "high-bandwidth receive that does not follow its RECVSIZE");
    } else {
      status = kStatusSuccess;
      high_bandwidth_in_ = std::string(channel->TakeRest());
    }
  }
  SetHigh16(registers.rbx, status);
  registers.rdi += registers.rcx;
  registers.rcx = 0;
  return high_bandwidth_in_;
}

void Machine::DeliverSent(int id) {
  const uint32_t protocol = channels_[id]->protocol();
  const std::string message = channels_[id]->TakeSent();
  ++counters_.messages_from_guest;
  counters_.bytes_from_guest += message.size();
  // A reply that was never fetched is not the answer to this request.
  if (protocol == kProtocolRpci) channels_[id]->ClearQueue();
  listener_->OnMessage(id, protocol, message);
  if (faults_.CloseAfterMessage()) CloseByHost(id);
}

void Machine::Queue(int channel, std::string message) {
  if (IsOpen(channel)) channels_[channel]->Queue(std::move(message));
}

void Machine::ClearQueue(int channel) {
  if (IsOpen(channel)) channels_[channel]->ClearQueue();
}

void Machine::CloseByHost(int channel) {
  if (!IsOpen(channel)) return;
  closed_by_host_[channel] = true;
  Close(channel, /*by_guest=*/false);
}

void Machine::ForgetAll() {
  for (int id = 0; id < kMaxChannels; ++id) CloseByHost(id);
}

int Machine::OpenChannels() const {
  return kMaxChannels - static_cast<int>(std::count(channels_.begin(), channels_.end(), nullptr));
}

void Machine::Close(int id, bool by_guest) {
  const uint32_t protocol = channels_[id]->protocol();
  channels_[id].reset();
  listener_->OnClose(id, protocol, by_guest);
}

void Machine::Violation(int id, absl::string_view what) {
  ++counters_.violations;
  listener_->OnViolation(id, what);
}

}  // namespace toolboxd::vmxsim
