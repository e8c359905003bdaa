// SPDX-License-Identifier: Apache-2.0

#include "rpctool/vsock_channel.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
// After sys/socket.h, which it needs.
#include <linux/vm_sockets.h>

#include "rpctool/system_calls.h"

namespace toolboxd::rpctool {
namespace {

constexpr uint32_t kRpciPort = 976;
constexpr uint32_t kLastPrivilegedPort = 1023;

enum EntryType : uint32_t { kInteger = 1, kString = 2 };
enum Field : uint32_t { kTypeField = 1, kPayloadField = 2, kFastCloseField = 3 };
constexpr uint32_t kData = 1;

void PutWord(char*& to, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) *to++ = static_cast<char>(value >> shift);
}

void PutInteger(char*& to, Field field, uint32_t value) {
  PutWord(to, kInteger);
  PutWord(to, field);
  // The low word comes first.
  PutWord(to, value);
  PutWord(to, 0);
}

// The next word, which is then gone from the bytes; false at their end.
bool TakeWord(std::string_view& bytes, uint32_t& value) {
  if (bytes.size() < 4) return false;
  value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  bytes.remove_prefix(4);
  return true;
}

sockaddr_vm VsockAddress(uint32_t cid, uint32_t port) {
  sockaddr_vm address = {};
  address.svm_family = AF_VSOCK;
  address.svm_cid = cid;
  address.svm_port = port;
  return address;
}

}  // namespace

VsockChannel::~VsockChannel() { Close(); }

void VsockChannel::Close() {
  if (fd_ >= 0) calls_.Close(fd_);
  fd_ = -1;
}

VsockOutcome VsockChannel::Exchange(std::string_view request, std::string_view& answer) {
  answer = {};
  if (request.empty() || request.size() > kMaxPayload || !Open()) return VsockOutcome::kNotSent;
  char head[32], tail[16];
  char* to = head;
  PutWord(to, static_cast<uint32_t>(sizeof head - 4 + request.size() + sizeof tail));
  PutInteger(to, kTypeField, kData);
  PutWord(to, kString);
  PutWord(to, kPayloadField);
  PutWord(to, static_cast<uint32_t>(request.size()));
  to = tail;
  // The host closes the connection after its answer.
  PutInteger(to, kFastCloseField, 1);
  deadline_ms_ = calls_.NowMs() + kAnswerPatienceMs;
  // Without its end the host does not act on a packet.
  if (!SendAll({head, sizeof head}) || !SendAll(request) || !SendAll({tail, sizeof tail})) {
    return VsockOutcome::kNotSent;
  }
  deadline_ms_ = calls_.NowMs() + kAnswerPatienceMs;
  char word[4];
  uint32_t size = 0;
  if (!ReceiveAll(word, sizeof word)) return VsockOutcome::kNoAnswer;
  std::string_view length(word, sizeof word);
  if (!TakeWord(length, size) || size > kMaxBody || !ReceiveAll(body_, size) ||
      !DecodeData({body_, size}, answer)) {
    return VsockOutcome::kNoAnswer;
  }
  return VsockOutcome::kDone;
}

bool VsockChannel::Open() {
  uint32_t port = kLastPrivilegedPort;
  for (int resets = 0; resets < kMaxResets;) {
    Close();
    const long result = Connect(port);
    if (result == 0) return true;
    if (result == -EINTR) continue;
    // The host may not have released this port of an earlier connection.
    if ((result != -ECONNRESET && result != -EADDRINUSE) || port <= 1) return false;
    --port;
    ++resets;
  }
  return false;
}

// From `port` or the next lower one that is free; 0 if none may be used.
long VsockChannel::Connect(uint32_t& port) {
  fd_ = calls_.Socket();
  if (fd_ < 0) return fd_;
  for (; port > 0; --port) {
    const long bound = calls_.Bind(fd_, port);
    if (bound == 0) break;
    if (bound == -EACCES) {
      port = 0;
      break;
    }
    if (bound != -EADDRINUSE) return bound;
  }
  const long result = calls_.Connect(fd_, kRpciPort);
  if (result != -EINPROGRESS) return result;
  if (calls_.Wait(fd_, POLLOUT, kConnectPatienceMs) != 1) return -ETIMEDOUT;
  return calls_.ConnectResult(fd_);
}

bool VsockChannel::WaitInTime(short events) {
  const int64_t left_ms = deadline_ms_ - calls_.NowMs();
  return left_ms > 0 && calls_.Wait(fd_, events, static_cast<int>(left_ms)) == 1;
}

bool VsockChannel::SendAll(std::string_view bytes) {
  while (!bytes.empty()) {
    const long sent = calls_.Send(fd_, bytes);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<size_t>(sent));
    } else if (sent == -EAGAIN) {
      if (!WaitInTime(POLLOUT)) return false;
    } else if (sent != -EINTR) {
      return false;
    }
  }
  return true;
}

bool VsockChannel::ReceiveAll(char* bytes, size_t size) {
  while (size > 0) {
    const long got = calls_.Receive(fd_, bytes, size);
    if (got > 0) {
      bytes += got;
      size -= static_cast<size_t>(got);
    } else if (got == -EAGAIN) {
      if (!WaitInTime(POLLIN)) return false;
    } else if (got != -EINTR) {
      return false;
    }
  }
  return true;
}

bool DecodeData(std::string_view body, std::string_view& payload) {
  payload = {};
  // A bit for each known field that was there.
  uint32_t seen = 0;
  while (!body.empty()) {
    uint32_t type, field, first;
    if (!TakeWord(body, type) || !TakeWord(body, field) || !TakeWord(body, first)) return false;
    const bool known = field >= kTypeField && field <= kFastCloseField;
    if (known && (seen & 1u << field || (type == kString) != (field == kPayloadField)))
      return false;
    if (known) seen |= 1u << field;
    if (type == kInteger) {
      uint32_t high;
      if (!TakeWord(body, high)) return false;
      if (field == kTypeField && (first != kData || high != 0)) return false;
    } else if (type == kString) {
      if (first == 0 || first > body.size()) return false;
      if (field == kPayloadField) payload = {body.data(), first};
      body.remove_prefix(first);
    } else {
      return false;
    }
  }
  return seen & 1u << kTypeField && !payload.empty() && payload.size() <= VsockChannel::kMaxPayload;
}

long KernelVsockCalls::Socket() {
  return SystemCall(SYS_socket, AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC);
}

long KernelVsockCalls::Bind(long fd, uint32_t port) {
  const sockaddr_vm address = VsockAddress(VMADDR_CID_ANY, port);
  return SystemCall(SYS_bind, fd, Address(&address), sizeof address);
}

long KernelVsockCalls::Connect(long fd, uint32_t port) {
  const sockaddr_vm address = VsockAddress(VMADDR_CID_HYPERVISOR, port);
  return SystemCall(SYS_connect, fd, Address(&address), sizeof address);
}

long KernelVsockCalls::ConnectResult(long fd) {
  int error = 0;
  socklen_t size = sizeof error;
  const long result =
      SystemCall(SYS_getsockopt, fd, SOL_SOCKET, SO_ERROR, Address(&error), Address(&size));
  return result < 0 ? result : -error;
}

long KernelVsockCalls::Send(long fd, std::string_view bytes) {
  return SystemCall(SYS_sendto, fd, Address(bytes.data()), static_cast<long>(bytes.size()),
                    MSG_NOSIGNAL);
}

long KernelVsockCalls::Receive(long fd, char* bytes, size_t size) {
  return SystemCall(SYS_recvfrom, fd, Address(bytes), static_cast<long>(size));
}

long KernelVsockCalls::Wait(long fd, short events, int patience_ms) {
  pollfd item = {static_cast<int>(fd), events, 0};
  long ready;
  do {
    ready = PollOne(item, patience_ms);
  } while (ready == -EINTR);
  return ready;
}

int64_t KernelVsockCalls::NowMs() {
  timespec now = {};
  SystemCall(SYS_clock_gettime, CLOCK_MONOTONIC, Address(&now));
  return now.tv_sec * int64_t{1000} + now.tv_nsec / 1'000'000;
}

void KernelVsockCalls::Close(long fd) { SystemCall(SYS_close, fd); }

}  // namespace toolboxd::rpctool
