// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/channel.h"

#include <algorithm>

#include "vmxsim/registers.h"

namespace toolboxd::vmxsim {

bool Channel::BeginSend(uint32_t size) {
  AbortSend();
  if (size > kMaxMessageSize) return false;
  sending_ = size > 0;
  send_size_ = size;
  return true;
}

bool Channel::AddPayload(absl::string_view bytes) {
  bytes = bytes.substr(0, SendMissing());
  send_buffer_.append(bytes.data(), bytes.size());
  return sending_ && SendMissing() == 0;
}

std::string Channel::TakeSent() {
  std::string message;
  message.swap(send_buffer_);
  AbortSend();
  return message;
}

void Channel::AbortSend() {
  sending_ = false;
  send_size_ = 0;
  send_buffer_.clear();
}

void Channel::ClearQueue() {
  AbortReceive();
  outgoing_.clear();
}

void Channel::BeginReceive() {
  receiving_ = HasMessage();
  receive_offset_ = 0;
}

uint32_t Channel::NextWord() {
  uint32_t word = 0;
  const std::string& message = Message();
  const size_t count = std::min<size_t>(4, message.size() - receive_offset_);
  for (size_t i = 0; i < count; ++i) {
    word |= uint32_t{static_cast<uint8_t>(message[receive_offset_ + i])} << (8 * i);
  }
  receive_offset_ += count;
  return word;
}

absl::string_view Channel::TakeRest() {
  const absl::string_view rest = absl::string_view(Message()).substr(receive_offset_);
  receive_offset_ = Message().size();
  return rest;
}

void Channel::AbortReceive() {
  receiving_ = false;
  receive_offset_ = 0;
}

void Channel::EndReceive() {
  AbortReceive();
  if (HasMessage()) outgoing_.pop_front();
}

}  // namespace toolboxd::vmxsim
