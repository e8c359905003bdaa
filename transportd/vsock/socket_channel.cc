// SPDX-License-Identifier: Apache-2.0

#include "transportd/vsock/socket_channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/wipe.h"
#include "transportd/vsock/data_map.h"

namespace toolboxd::vsock {
namespace {

// What is read before a packet's length is known: all of an ordinary packet.
constexpr size_t kFirstRead = 4096;
// A larger buffer is not kept for the next packet.
constexpr size_t kKeptBuffer = 8192;

uint32_t HostPort(Protocol protocol) { return protocol == Protocol::kRpci ? kRpciPort : kTcloPort; }

absl::Status Lost(absl::string_view what, ssize_t error) {
  return absl::UnavailableError(absl::StrCat(what, ": ", strerror(static_cast<int>(-error))));
}

absl::Status NoAnswer() {
  return absl::DeadlineExceededError("the host did not answer a request over vsock in time");
}

}  // namespace

absl::Status SocketChannel::Open() {
  Close();
  for (;;) {
    const absl::StatusOr<bool> opened = TryOpen();
    if (!opened.ok()) return opened.status();
    if (*opened) return absl::OkStatus();
    system_.Wait(fd_, POLLOUT, connect_by_);
  }
}

absl::StatusOr<bool> SocketChannel::TryOpen() {
  if (open_) return true;
  if (fd_ < 0) Begin();
  for (;;) {
    int result = fd_ < 0 ? Connect() : -EINPROGRESS;
    if (result == -EINPROGRESS) result = system_.ConnectResult(fd_);
    if (result == 0) break;
    if (result == -EINPROGRESS && system_.Now() < connect_by_) return false;
    if (!MayTryAgain(result)) return Fail(result);
    if (fd_ >= 0) system_.Close(std::exchange(fd_, -1));
  }
  open_ = true;
  if (protocol_ == Protocol::kTclo) first_message_by_ = system_.Now() + kFirstMessagePatience;
  return true;
}

void SocketChannel::Begin() {
  connect_by_ = system_.Now() + kConnectPatience;
  next_port_ = kLastPrivilegedPort;
  resets_ = no_buffers_ = 0;
}

int SocketChannel::Connect() {
  const int fd = system_.Socket();
  if (fd < 0) return fd;
  fd_ = fd;
  const int bound = protocol_ == Protocol::kRpci ? BindPrivileged() : 0;
  return bound < 0 ? bound : system_.Connect(fd_, HostPort(protocol_));
}

int SocketChannel::BindPrivileged() {
  privileged_ = true;
  for (; next_port_ > 0; --next_port_) {
    const int bound = system_.Bind(fd_, next_port_);
    if (bound == 0) return 0;
    if (bound == -EACCES) {
      // Without the capability the kernel chooses a port at the connect.
      privileged_ = false;
      return 0;
    }
    if (bound != -EADDRINUSE) return bound;
  }
  // All are in use: better without privilege than not at all.
  privileged_ = false;
  return 0;
}

// For a connect that has failed; a new socket follows.
bool SocketChannel::MayTryAgain(int error) {
  switch (error) {
    case -EINTR:
      return system_.Now() < connect_by_;
    case -ENOBUFS:
      if (++no_buffers_ > kMaxNoBuffers) return false;
      system_.Wait(-1, 0, system_.Now() + absl::Milliseconds(1));
      return true;
    case -ECONNRESET:
    case -EADDRINUSE:
      // The host may not have released this port of an earlier connection. Only RPCI chooses one.
      if (protocol_ != Protocol::kRpci || !privileged_ || next_port_ <= 1) return false;
      --next_port_;
      return ++resets_ < kMaxResets;
    default:
      return false;
  }
}

absl::Status SocketChannel::Fail(int error) {
  const std::string to = absl::StrCat(protocol_ == Protocol::kRpci ? "RPCI" : "TCLO", " (port ",
                                      HostPort(protocol_), ")");
  Close();
  switch (error) {
    case -EAFNOSUPPORT:
    case -ENODEV:
      return absl::UnavailableError(absl::StrCat("this machine has no vsock: ", strerror(-error)));
    case -EINPROGRESS:
      return absl::DeadlineExceededError(
          absl::StrCat("the host does not answer connects over vsock for ", to));
    default:
      return absl::UnavailableError(
          absl::StrCat("the host takes no connection over vsock for ", to, ": ", strerror(-error)));
  }
}

void SocketChannel::Close() {
  if (fd_ >= 0) system_.Close(fd_);
  fd_ = -1;
  open_ = false;
  Wipe(received_);
  packet_by_ = first_message_by_ = ping_at_ = absl::InfiniteFuture();
}

absl::Status SocketChannel::Send(absl::string_view message) {
  if (!open_) return absl::UnavailableError("the channel is not open");
  if (message.size() > kMaxPayload) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a message of ", message.size(), " bytes is too long; the limit is ", kMaxPayload));
  }
  if (protocol_ == Protocol::kTclo) {
    if (message.empty()) return SendHeartbeat();
  } else if (absl::Status quiet = CheckQuiet(); !quiet.ok()) {
    return quiet;
  }
  if (message.empty()) return absl::InvalidArgumentError("a request over vsock cannot be empty");
  return SendAll(EncodeDataHead(message.size()), message);
}

absl::Status SocketChannel::SendHeartbeat() {
  if (system_.Now() < ping_at_) return absl::OkStatus();
  return SendAll(EncodePacket({Packet::Type::kPing, "", false}), "");
}

absl::Status SocketChannel::SendAll(absl::string_view head, absl::string_view body) {
  const absl::Time deadline = system_.Now() + kPacketPatience;
  while (!head.empty() || !body.empty()) {
    const ssize_t sent = system_.Send(fd_, head, body);
    if (sent >= 0) {
      const size_t of_head = std::min<size_t>(sent, head.size());
      head.remove_prefix(of_head);
      body.remove_prefix(sent - of_head);
    } else if (sent == -EAGAIN) {
      if (system_.Now() >= deadline || !system_.Wait(fd_, POLLOUT, deadline)) {
        return absl::UnavailableError("the host takes no more data over vsock");
      }
    } else if (sent != -EINTR) {
      return Lost("the connection to the host over vsock broke", sent);
    }
  }
  if (protocol_ == Protocol::kTclo) ping_at_ = system_.Now() + kHeartbeat;
  return absl::OkStatus();
}

// Before a request nothing waits: it would be taken for the answer. A host that has left is noticed
// before the request is sent, which can then go another way.
absl::Status SocketChannel::CheckQuiet() {
  if (!received_.empty()) return absl::UnavailableError("an answer of the host was not taken");
  char byte;
  ssize_t got;
  do {
    got = system_.Receive(fd_, &byte, 1);
  } while (got == -EINTR);
  if (got == -EAGAIN) return absl::OkStatus();
  if (got == 0) return absl::UnavailableError("the host closed the connection over vsock");
  if (got < 0) return Lost("the connection to the host over vsock broke", got);
  return absl::UnavailableError("the host sent over vsock what was not asked for");
}

absl::StatusOr<std::string> SocketChannel::Receive() {
  if (!open_) return absl::UnavailableError("the channel is not open");
  const absl::Time deadline = system_.Now() + kPacketPatience;
  for (;;) {
    absl::StatusOr<bool> complete = PacketIsComplete();
    if (!complete.ok()) return complete.status();
    if (*complete) {
      absl::StatusOr<std::string> message = TakePacket();
      // A PING of the host asks for nothing. TCLO's caller has other work between two of them.
      if (!message.ok() || !message->empty() || protocol_ == Protocol::kTclo) return message;
      // There may always be another one.
      if (system_.Now() >= deadline) return NoAnswer();
      continue;
    }
    const absl::StatusOr<bool> read = ReadSome();
    if (!read.ok()) return read.status();
    if (*read) continue;
    if (protocol_ == Protocol::kTclo) {
      if (absl::Status status = CheckPatience(); !status.ok()) return status;
      return std::string();
    }
    if (!system_.Wait(fd_, POLLIN, deadline)) return NoAnswer();
  }
}

absl::StatusOr<bool> SocketChannel::PacketIsComplete() const {
  if (received_.size() < kLengthSize) return false;
  const absl::StatusOr<size_t> size =
      DecodeLength(absl::string_view(received_).substr(0, kLengthSize));
  if (!size.ok()) return size.status();
  return received_.size() >= kLengthSize + *size;
}

// One read, never beyond what one packet can be. False if nothing was there.
absl::StatusOr<bool> SocketChannel::ReadSome() {
  const size_t had = received_.size();
  size_t whole = kFirstRead;
  if (had >= kLengthSize) {
    const auto size = DecodeLength(absl::string_view(received_).substr(0, kLengthSize));
    whole = kLengthSize + size.value_or(0);
  }
  if (whole > received_.capacity()) {
    // Not by growing it: that would leave a copy of a password behind.
    std::string larger;
    larger.reserve(whole);
    larger.append(received_);
    Wipe(received_);
    received_ = std::move(larger);
  }
  received_.resize(whole);
  ssize_t got;
  do {
    got = system_.Receive(fd_, received_.data() + had, whole - had);
  } while (got == -EINTR);
  received_.resize(had + (got > 0 ? got : 0));
  if (got == -EAGAIN) return false;
  if (got < 0) return Lost("the connection to the host over vsock broke", got);
  if (got == 0) {
    return had == 0 ? absl::UnavailableError("the host closed the connection over vsock")
                    : absl::DataLossError("the connection over vsock ended within a packet");
  }
  if (had == 0) packet_by_ = system_.Now() + kPacketPatience;
  return true;
}

// The first packet's payload, which is then gone from what was received; empty for a PING.
absl::StatusOr<std::string> SocketChannel::TakePacket() {
  const absl::string_view bytes = received_;
  const size_t size = kLengthSize + DecodeLength(bytes.substr(0, kLengthSize)).value_or(0);
  const absl::StatusOr<Packet> packet = DecodePacket(bytes.substr(kLengthSize, size - kLengthSize));
  if (!packet.ok()) return packet.status();
  std::string message;
  if (packet->type == Packet::Type::kData) message = std::string(packet->payload);
  std::string rest(bytes.substr(size));
  Wipe(received_);
  if (received_.capacity() > kKeptBuffer || !rest.empty()) received_.swap(rest);
  packet_by_ = received_.empty() ? absl::InfiniteFuture() : system_.Now() + kPacketPatience;
  first_message_by_ = absl::InfiniteFuture();
  return message;
}

absl::Status SocketChannel::CheckPatience() const {
  const absl::Time now = system_.Now();
  if (now >= packet_by_) {
    return absl::DataLossError("the host did not complete a packet over vsock in time");
  }
  if (now >= first_message_by_) {
    return absl::DeadlineExceededError("the host took a connection over vsock and sent nothing");
  }
  return absl::OkStatus();
}

Arrival SocketChannel::arrival() const {
  if (!open_ || protocol_ == Protocol::kRpci) return {};
  const absl::StatusOr<bool> complete = PacketIsComplete();
  // What has come is not announced again.
  if (!complete.ok() || *complete) return {fd_, absl::InfinitePast()};
  return {fd_, std::min({ping_at_, packet_by_, first_message_by_})};
}

std::string SocketChannel::Describe() const {
  const bool short_of_privilege = protocol_ == Protocol::kRpci && open_ && !privileged_;
  return short_of_privilege ? "vsock, not privileged" : "vsock";
}

}  // namespace toolboxd::vsock
