// SPDX-License-Identifier: Apache-2.0

#include "rpctool/host_channel.h"

#include <algorithm>
#include <cstring>

namespace toolboxd::rpctool {

using backdoor::High16;
using backdoor::Join16;
using backdoor::Registers;

Step HostChannel::Exchange(std::string_view request, char* reply, size_t& size) {
  size = 0;
  if (!Open()) return Step::kOpen;
  if (!Send(request)) return Step::kSend;
  if (!Receive(reply, size)) return Step::kReceive;
  Close();
  return Step::kDone;
}

bool HostChannel::Open() {
  Close();
  uint32_t flag = backdoor::kCookieFlag;
  for (int attempt = 0; attempt < kMaxRestarts; ++attempt) {
    Registers registers;
    registers.ax = backdoor::kMagic;
    registers.bx = backdoor::kProtocolRpci | flag;
    registers.cx = Join16(backdoor::kOpen, backdoor::kCommandMessage);
    registers.dx = backdoor::kLowBandwidthPort;
    port_.In(registers);
    const uint16_t status = High16(registers.cx);
    if (status & backdoor::kStatusSuccess) {
      id_ = High16(registers.dx);
      cookie_high_ = static_cast<uint32_t>(registers.si);
      cookie_low_ = static_cast<uint32_t>(registers.di);
      open_ = true;
      return true;
    }
    if (status & backdoor::kStatusCheckpoint) continue;
    if (flag == 0) break;
    flag = 0;
  }
  return false;
}

void HostChannel::Close() {
  if (!open_) return;
  // A host that cannot close it has forgotten it already.
  Call(backdoor::kClose, 0);
  open_ = false;
}

bool HostChannel::Send(std::string_view message) {
  if (message.size() > backdoor::kMaxMessageSize) return false;
  for (int attempt = 0; attempt < kMaxRestarts; ++attempt) {
    const Attempt result = SendOnce(message);
    if (result != Attempt::kRestart) return result == Attempt::kDone;
  }
  return false;
}

namespace {

bool Restarts(uint16_t status) { return status & backdoor::kStatusCheckpoint; }
bool Succeeded(uint16_t status) { return status & backdoor::kStatusSuccess; }

}  // namespace

HostChannel::Attempt HostChannel::SendOnce(std::string_view message) {
  uint16_t status = High16(Call(backdoor::kSendSize, static_cast<uint32_t>(message.size())).cx);
  if (!Succeeded(status)) return Restarts(status) ? Attempt::kRestart : Attempt::kFailed;
  if (message.empty()) return Attempt::kDone;
  if (port_.high_bandwidth() && (status & backdoor::kStatusHighBandwidth)) {
    Registers registers = HighBandwidthRegisters(message.size());
    registers.si = reinterpret_cast<uintptr_t>(message.data());
    registers.di = cookie_low_;
    registers.bp = cookie_high_;
    port_.HighBandwidthOut(registers);
    status = High16(registers.bx);
  } else {
    while (!message.empty() && Succeeded(status)) {
      uint32_t word = 0;
      const size_t part = std::min<size_t>(message.size(), sizeof word);
      std::memcpy(&word, message.data(), part);
      message.remove_prefix(part);
      status = High16(Call(backdoor::kSendPayload, word).cx);
    }
  }
  if (Succeeded(status)) return Attempt::kDone;
  return Restarts(status) ? Attempt::kRestart : Attempt::kFailed;
}

bool HostChannel::Receive(char* message, size_t& size) {
  for (int attempt = 0; attempt < kMaxRestarts; ++attempt) {
    const Attempt result = ReceiveOnce(message, size);
    if (result == Attempt::kDone) return true;
    size = 0;
    if (result == Attempt::kFailed) return false;
  }
  return false;
}

HostChannel::Attempt HostChannel::ReceiveOnce(char* message, size_t& size) {
  size = 0;
  const Registers result = Call(backdoor::kReceiveSize, 0);
  const uint16_t status = High16(result.cx);
  if (!Succeeded(status)) return Restarts(status) ? Attempt::kRestart : Attempt::kFailed;
  if (!(status & backdoor::kStatusDoReceive)) return Attempt::kDone;
  size = static_cast<uint32_t>(result.bx);
  if (High16(result.dx) != backdoor::kTypeSize || size > backdoor::kMaxMessageSize) {
    return Refuse(size);
  }
  const bool high_bandwidth =
      port_.high_bandwidth() && (status & backdoor::kStatusHighBandwidth) != 0;
  const Attempt payload = ReceivePayload(message, size, high_bandwidth);
  if (payload != Attempt::kDone) return payload;
  const uint16_t acknowledged = High16(Call(backdoor::kReceiveStatus, 1).cx);
  if (Succeeded(acknowledged)) return Attempt::kDone;
  return Restarts(acknowledged) ? Attempt::kRestart : Attempt::kFailed;
}

HostChannel::Attempt HostChannel::ReceivePayload(char* message, size_t size, bool high_bandwidth) {
  if (size == 0) return Attempt::kDone;
  if (!high_bandwidth) return ReceiveWords(message, size);
  Registers registers = HighBandwidthRegisters(size);
  registers.si = cookie_high_;
  registers.di = reinterpret_cast<uintptr_t>(message);
  registers.bp = cookie_low_;
  port_.HighBandwidthIn(registers);
  const uint16_t status = High16(registers.bx);
  if (Succeeded(status)) return Attempt::kDone;
  return Restarts(status) ? Attempt::kRestart : Attempt::kFailed;
}

HostChannel::Attempt HostChannel::ReceiveWords(char* message, size_t size) {
  for (size_t at = 0; at < size; at += 4) {
    const Registers result = Call(backdoor::kReceivePayload, 1);
    const uint16_t status = High16(result.cx);
    if (!Succeeded(status)) return Restarts(status) ? Attempt::kRestart : Attempt::kFailed;
    if (High16(result.dx) != backdoor::kTypePayload) return Refuse(size);
    const size_t part = std::min<size_t>(size - at, 4);
    for (size_t i = 0; i < part; ++i) message[at + i] = static_cast<char>(result.bx >> 8 * i);
  }
  return Attempt::kDone;
}

HostChannel::Attempt HostChannel::Refuse(size_t size) {
  Call(size > 0 ? backdoor::kReceivePayload : backdoor::kReceiveStatus, 0);
  return Attempt::kFailed;
}

Registers HostChannel::Call(backdoor::SubCommand sub_command, uint32_t bx) {
  Registers registers;
  registers.ax = backdoor::kMagic;
  registers.bx = bx;
  registers.cx = Join16(sub_command, backdoor::kCommandMessage);
  registers.dx = Join16(id_, backdoor::kLowBandwidthPort);
  registers.si = cookie_high_;
  registers.di = cookie_low_;
  port_.In(registers);
  return registers;
}

Registers HostChannel::HighBandwidthRegisters(size_t size) const {
  Registers registers;
  registers.ax = backdoor::kMagic;
  registers.bx = Join16(backdoor::kStatusSuccess, 0);
  registers.cx = size;
  registers.dx = Join16(id_, backdoor::kHighBandwidthPort);
  return registers;
}

}  // namespace toolboxd::rpctool
