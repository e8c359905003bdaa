// SPDX-License-Identifier: Apache-2.0

#include "transportd/backdoor/testing/fake_host.h"

#include <algorithm>
#include <cstring>

#include "transportd/backdoor/constants.h"

namespace toolboxd::backdoor {
namespace {

void SetHigh16(uint64_t& target, uint16_t value) { target = Join16(value, Low16(target)); }

}  // namespace

bool FakeHost::Checkpoint() { return checkpoint_always || steps == checkpoint_at_step; }

void FakeHost::In(Registers& registers) {
  ++steps;
  if (static_cast<uint32_t>(registers.ax) != kMagic || gone) {
    SetHigh16(registers.cx, 0);
    return;
  }
  if (Low16(registers.cx) == kCommandGetVersion) {
    registers.ax = kVersion;
    registers.bx = kMagic;
    return;
  }
  if (High16(registers.cx) == kOpen) return Open(registers);
  Channel* channel = Find(High16(registers.dx), registers.si, registers.di);
  uint16_t status = 0;
  if (channel != nullptr)
    status = Checkpoint() ? kStatusCheckpoint : MessageStep(registers, *channel);
  SetHigh16(registers.cx, status);
}

void FakeHost::Open(Registers& registers) {
  const uint32_t protocol = static_cast<uint32_t>(registers.bx);
  if (Checkpoint()) return SetHigh16(registers.cx, kStatusCheckpoint);
  if ((protocol & kCookieFlag) && !cookies) return SetHigh16(registers.cx, 0);
  ++opens;
  Channel channel;
  channel.protocol = protocol & ~kCookieFlag;
  if (cookies) {
    channel.cookie_high = 0xAAAA0000u + static_cast<uint32_t>(opens);
    channel.cookie_low = 0xBBBB0000u + static_cast<uint32_t>(opens);
    registers.si = channel.cookie_high;
    registers.di = channel.cookie_low;
  }
  const uint16_t id = next_id_++;
  channels_[id] = channel;
  SetHigh16(registers.dx, id);
  SetHigh16(registers.cx, kStatusSuccess);
  on_open(channel.protocol);
}

uint16_t FakeHost::MessageStep(Registers& registers, Channel& channel) {
  const uint32_t bx = static_cast<uint32_t>(registers.bx);
  switch (High16(registers.cx)) {
    case kSendSize:
      channel.expected = bx;
      channel.incoming.clear();
      if (bx == 0) ++polls;
      return kStatusSuccess | (high_bandwidth && bx > 0 ? kStatusHighBandwidth : 0);
    case kSendPayload:
      if (channel.incoming.size() >= channel.expected) return 0;
      channel.incoming.append(reinterpret_cast<const char*>(&bx),
                              std::min<size_t>(4, channel.expected - channel.incoming.size()));
      if (channel.incoming.size() == channel.expected) Complete(channel);
      return kStatusSuccess;
    case kReceiveSize:
      return ReceiveSize(registers, channel);
    case kReceivePayload: {
      if (bx != 1) channel.has_outgoing = false;
      uint32_t word = 0;
      const size_t rest = channel.outgoing.size() - channel.handed_out;
      std::memcpy(&word, channel.outgoing.data() + channel.handed_out, std::min<size_t>(4, rest));
      channel.handed_out += std::min<size_t>(4, rest);
      registers.bx = word;
      SetHigh16(registers.dx, kTypePayload);
      return kStatusSuccess;
    }
    case kReceiveStatus:
      channel.has_outgoing = false;
      if (channel.protocol == kProtocolTclo) on_fetched(channel.outgoing);
      return kStatusSuccess;
    case kClose:
      on_close(channel.protocol);
      channels_.erase(High16(registers.dx));
      return kStatusSuccess;
    default:
      return 0;
  }
}

uint16_t FakeHost::ReceiveSize(Registers& registers, Channel& channel) {
  if (!channel.has_outgoing && channel.protocol == kProtocolTclo && !tclo_queue.empty()) {
    channel.outgoing = tclo_queue.front();
    channel.has_outgoing = true;
    tclo_queue.pop_front();
  }
  if (!channel.has_outgoing) return kStatusSuccess;
  channel.handed_out = 0;
  registers.bx = channel.outgoing.size();
  SetHigh16(registers.dx, kTypeSize);
  return kStatusSuccess | kStatusDoReceive | (high_bandwidth ? kStatusHighBandwidth : 0);
}

void FakeHost::Complete(Channel& channel) {
  if (channel.protocol == kProtocolTclo) {
    tclo_replies.push_back(channel.incoming);
    on_reply(channel.incoming);
    return;
  }
  rpci_requests.push_back(channel.incoming);
  channel.outgoing = on_rpci(channel.incoming);
  channel.has_outgoing = true;
}

FakeHost::Channel* FakeHost::Find(uint16_t id, uint64_t cookie_high, uint64_t cookie_low) {
  const auto channel = channels_.find(id);
  if (channel == channels_.end() || refuse_messages) return nullptr;
  if (channel->second.cookie_high != static_cast<uint32_t>(cookie_high)) return nullptr;
  if (channel->second.cookie_low != static_cast<uint32_t>(cookie_low)) return nullptr;
  return &channel->second;
}

void FakeHost::HighBandwidthOut(Registers& registers) {
  ++steps;
  // The cookie's halves: high in bp, low in di (docs/protocol/transport.md 1.4).
  Channel* channel = gone ? nullptr : Find(High16(registers.dx), registers.bp, registers.di);
  uint16_t status = 0;
  if (channel != nullptr && Checkpoint()) {
    status = kStatusCheckpoint;
  } else if (channel != nullptr && registers.cx == channel->expected) {
    channel->incoming.assign(reinterpret_cast<const char*>(registers.si), registers.cx);
    registers.si += registers.cx;
    registers.cx = 0;
    Complete(*channel);
    status = kStatusSuccess;
  }
  registers.bx = Join16(status, 0);
}

void FakeHost::HighBandwidthIn(Registers& registers) {
  ++steps;
  // And here high in si, low in bp.
  Channel* channel = gone ? nullptr : Find(High16(registers.dx), registers.si, registers.bp);
  uint16_t status = 0;
  if (channel != nullptr && Checkpoint()) {
    status = kStatusCheckpoint;
  } else if (channel != nullptr && channel->has_outgoing &&
             registers.cx == channel->outgoing.size()) {
    std::memcpy(reinterpret_cast<char*>(registers.di), channel->outgoing.data(), registers.cx);
    registers.di += registers.cx;
    registers.cx = 0;
    status = kStatusSuccess;
  }
  registers.bx = Join16(status, 0);
}

}  // namespace toolboxd::backdoor
