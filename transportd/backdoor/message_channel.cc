// SPDX-License-Identifier: Apache-2.0

#include "transportd/backdoor/message_channel.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace toolboxd::backdoor {
namespace {

// What a step's status means. Aborted stands for "restart the message" and does not leave
// this file.
absl::Status StepStatus(uint16_t status, absl::string_view step) {
  if (status & kStatusSuccess) return absl::OkStatus();
  if (status & kStatusCheckpoint) return absl::AbortedError("checkpoint");
  absl::string_view reason = "the host refused";
  if (status & kStatusClosed) reason = "the host closed the channel at";
  if (status & kStatusPowerOff) reason = "the machine is being powered off at";
  if (status & kStatusTimeout) reason = "the host timed out at";
  return absl::UnavailableError(absl::StrFormat("%s %s (status 0x%04x)", reason, step, status));
}

absl::Status TooManyRestarts() {
  return absl::UnavailableError("a message was interrupted by too many checkpoints in a row");
}

// Up to four bytes, the first in bits 7:0.
uint32_t Word(absl::string_view bytes) {
  uint32_t word = 0;
  std::memcpy(&word, bytes.data(), std::min<size_t>(bytes.size(), 4));
  return word;
}

}  // namespace

absl::Status MessageChannel::Open() {
  Close();
  uint32_t flag = kCookieFlag;
  uint16_t status = 0;
  for (int attempt = 0; attempt < kMaxRestarts; ++attempt) {
    Registers registers;
    registers.ax = kMagic;
    registers.bx = protocol_ | flag;
    registers.cx = Join16(kOpen, kCommandMessage);
    registers.dx = kLowBandwidthPort;
    port_.In(registers);
    status = High16(registers.cx);
    if (status & kStatusSuccess) {
      id_ = High16(registers.dx);
      cookie_high_ = static_cast<uint32_t>(registers.si);
      cookie_low_ = static_cast<uint32_t>(registers.di);
      open_ = true;
      used_ = false;
      return absl::OkStatus();
    }
    if (status & kStatusCheckpoint) continue;
    if (flag == 0) break;
    flag = 0;
  }
  return absl::UnavailableError(
      absl::StrFormat("the host opens no channel (status 0x%04x)", status));
}

void MessageChannel::Close() {
  if (!open_) return;
  // A host that cannot close it has forgotten it already, but for one that takes a checkpoint.
  for (int attempt = 0; attempt < kMaxRestarts; ++attempt) {
    if (!(High16(Step(kClose, 0).cx) & kStatusCheckpoint)) break;
  }
  open_ = false;
}

absl::Status MessageChannel::Send(absl::string_view message) {
  if (!open_) return absl::UnavailableError("the channel is not open");
  if (message.size() > kMaxMessageSize) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a message of ", message.size(), " bytes is too long; the limit is ", kMaxMessageSize));
  }
  for (int attempt = 0; attempt < kMaxRestarts; ++attempt) {
    absl::Status status = SendOnce(message);
    if (!absl::IsAborted(status)) return status;
  }
  return TooManyRestarts();
}

absl::Status MessageChannel::SendOnce(absl::string_view message) {
  const Registers result = Step(kSendSize, static_cast<uint32_t>(message.size()));
  const uint16_t flags = High16(result.cx);
  if (absl::Status status = StepStatus(flags, "a message's size"); !status.ok()) return status;
  if (message.empty()) return absl::OkStatus();
  used_ = true;
  high_bandwidth_ = port_.high_bandwidth() && (flags & kStatusHighBandwidth);
  return high_bandwidth_ ? SendHighBandwidth(message) : SendWords(message);
}

absl::Status MessageChannel::SendHighBandwidth(absl::string_view message) {
  Registers registers = HighBandwidthRegisters(message.size());
  // The buffer displaces the cookie's high half here, and its low half in the other direction.
  registers.si = reinterpret_cast<uintptr_t>(message.data());
  registers.di = cookie_low_;
  registers.bp = cookie_high_;
  port_.HighBandwidthOut(registers);
  return StepStatus(High16(registers.bx), "a message");
}

absl::Status MessageChannel::SendWords(absl::string_view message) {
  for (; !message.empty(); message.remove_prefix(std::min<size_t>(message.size(), 4))) {
    const Registers result = Step(kSendPayload, Word(message));
    if (absl::Status status = StepStatus(High16(result.cx), "a message"); !status.ok())
      return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> MessageChannel::Receive() {
  if (!open_) return absl::UnavailableError("the channel is not open");
  for (int attempt = 0; attempt < kMaxRestarts; ++attempt) {
    std::string message;
    absl::Status status = ReceiveOnce(message);
    if (status.ok()) return message;
    if (!absl::IsAborted(status)) return status;
  }
  return TooManyRestarts();
}

absl::Status MessageChannel::ReceiveOnce(std::string& message) {
  const Registers result = Step(kReceiveSize, 0);
  const uint16_t flags = High16(result.cx);
  if (absl::Status status = StepStatus(flags, "the next message's size"); !status.ok())
    return status;
  // Nothing waits, and nothing more is sent: this is the second half of an idle poll.
  if (!(flags & kStatusDoReceive)) return absl::OkStatus();

  const size_t size = static_cast<uint32_t>(result.bx);
  if (High16(result.dx) != kTypeSize) return Refuse(size, "no size where a size was due");
  if (size > kMaxMessageSize) return Refuse(size, absl::StrCat("a message of ", size, " bytes"));
  if (size > 0) {
    used_ = true;
    high_bandwidth_ = port_.high_bandwidth() && (flags & kStatusHighBandwidth);
    absl::Status status =
        high_bandwidth_ ? ReceiveHighBandwidth(message, size) : ReceiveWords(message, size);
    if (!status.ok()) return status;
  }
  return StepStatus(High16(Step(kReceiveStatus, 1).cx), "the acknowledgement");
}

absl::Status MessageChannel::ReceiveHighBandwidth(std::string& message, size_t size) {
  message.resize(size);
  Registers registers = HighBandwidthRegisters(size);
  registers.si = cookie_high_;
  registers.di = reinterpret_cast<uintptr_t>(message.data());
  registers.bp = cookie_low_;
  port_.HighBandwidthIn(registers);
  return StepStatus(High16(registers.bx), "a message");
}

absl::Status MessageChannel::ReceiveWords(std::string& message, size_t size) {
  while (message.size() < size) {
    const Registers result = Step(kReceivePayload, 1);
    if (absl::Status status = StepStatus(High16(result.cx), "a message"); !status.ok())
      return status;
    if (High16(result.dx) != kTypePayload) return Refuse(size, "no payload where payload was due");
    const uint32_t word = static_cast<uint32_t>(result.bx);
    message.append(reinterpret_cast<const char*>(&word),
                   std::min<size_t>(size - message.size(), 4));
  }
  return absl::OkStatus();
}

std::string MessageChannel::Describe() const {
  if (!used_) return "backdoor";
  if (port_.high_bandwidth()) {
    return high_bandwidth_ ? "backdoor, high bandwidth" : "backdoor, low bandwidth";
  }
  return absl::StrCat("backdoor, low bandwidth, by ", port_.instruction());
}

Registers MessageChannel::Step(SubCommand sub_command, uint32_t bx) {
  Registers registers;
  registers.ax = kMagic;
  registers.bx = bx;
  registers.cx = Join16(sub_command, kCommandMessage);
  registers.dx = Join16(id_, kLowBandwidthPort);
  registers.si = cookie_high_;
  registers.di = cookie_low_;
  port_.In(registers);
  return registers;
}

Registers MessageChannel::HighBandwidthRegisters(size_t size) const {
  Registers registers;
  registers.ax = kMagic;
  registers.bx = Join16(kStatusSuccess, 0);  // The command MESSAGE is 0 on this port.
  registers.cx = size;
  registers.dx = Join16(id_, kHighBandwidthPort);
  return registers;
}

absl::Status MessageChannel::Refuse(size_t size, absl::string_view why) {
  Step(size > 0 ? kReceivePayload : kReceiveStatus, 0);
  return absl::DataLossError(absl::StrCat("the host sent ", why));
}

}  // namespace toolboxd::backdoor
