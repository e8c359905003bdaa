// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/vsock_host.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "vmxsim/registers.h"

namespace toolboxd::vmxsim {
namespace {

// Between two parts of what is split.
constexpr absl::Duration kPause = absl::Milliseconds(1);
// A guest that has replied once is heard from every second.
constexpr absl::Duration kHeartbeatPatience = absl::Seconds(5);
constexpr size_t kReadSize = 65536;

int ChannelOf(const VsockConnect& connection) {
  return kVsockChannel + static_cast<int>(connection.guest_port);
}

uint32_t Protocol(const VsockConnect& connection) {
  return connection.host_port == kVsockTcloPort ? kProtocolTclo : kProtocolRpci;
}

bool Privileged(const VsockConnect& connection) {
  return connection.guest_port <= kVsockLastPrivilegedPort;
}

}  // namespace

VsockHost::VsockHost(Vmx* vmx, const VsockSettings& settings)
    : vmx_(*vmx), wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), settings_(settings) {
  vmx_.AttachVsock(this);
  thread_ = std::thread([this] { Run(); });
}

VsockHost::~VsockHost() {
  stopping_ = true;
  Wake();
  thread_.join();
  vmx_.AttachVsock(nullptr);
}

void VsockHost::Wake() const { eventfd_write(wake_.get(), 1); }

int VsockHost::Admit(uint32_t cid, uint32_t port) {
  const bool vanished = vmx_.Vanished();
  int error = 0;
  {
    absl::MutexLock lock(&mutex_);
    const bool known = cid == kVsockHostCid && (port == kVsockRpciPort || port == kVsockTcloPort);
    error = known ? settings_.TakeRefusal() : 0;
    if (error == 0 && (vanished || !known || !settings_.Offers(port))) error = ECONNRESET;
  }
  ++counters_.connects;
  if (error != 0) {
    ++counters_.refused;
    vmx_.Log("refused", absl::StrCat("vsock to ", cid, ":", port, " with ", RefusalName(error)));
  }
  return error;
}

void VsockHost::Connect(VsockConnect connect) {
  auto connection = std::make_shared<Connection>();
  static_cast<VsockConnect&>(*connection) = std::move(connect);
  {
    absl::MutexLock lock(&mutex_);
    Shared& place = connections_[connection->guest_port];
    if (place != nullptr) replaced_.push_back(std::move(place));
    place = std::move(connection);
  }
  Wake();
}

bool VsockHost::Connecting(uint32_t guest_port) {
  absl::MutexLock lock(&mutex_);
  const auto found = connections_.find(guest_port);
  return found != connections_.end() && !found->second->open &&
         found->second->due > absl::InfinitePast();
}

VsockSettings VsockHost::settings() {
  absl::MutexLock lock(&mutex_);
  return settings_;
}

absl::Status VsockHost::Offer(absl::string_view mode) {
  VsockSettings now;
  {
    absl::MutexLock lock(&mutex_);
    const absl::Status status = settings_.Offer(mode);
    if (!status.ok()) return status;
    now = settings_;
  }
  vmx_.Log("vsock", mode);
  vmx_.EndVsock([&now](uint32_t protocol) {
    return !now.Offers(protocol == kProtocolTclo ? kVsockTcloPort : kVsockRpciPort);
  });
  return absl::OkStatus();
}

absl::Status VsockHost::Set(absl::string_view name, absl::string_view value) {
  absl::MutexLock lock(&mutex_);
  return settings_.Set(name, value);
}

void VsockHost::Reset() {
  vmx_.Log("vsock", "reset");
  vmx_.EndVsock(nullptr);
}

std::string VsockHost::Text() {
  absl::MutexLock lock(&mutex_);
  std::string text = settings_.Text();
  for (const auto& [port, connection] : connections_) {
    absl::StrAppend(&text, "connection ", ChannelName(ChannelOf(*connection)), " to ",
                    connection->host_port, connection->open ? "" : " connecting", "\n");
  }
  return text;
}

int VsockHost::Connections(uint32_t host_port) {
  absl::MutexLock lock(&mutex_);
  return static_cast<int>(
      std::count_if(connections_.begin(), connections_.end(), [host_port](const auto& entry) {
        return entry.second->host_port == host_port && entry.second->open;
      }));
}

void VsockHost::Tick() {
  std::vector<int> silent;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [port, connection] : connections_) {
      if (absl::Now() - connection->last_packet < kHeartbeatPatience) continue;
      connection->last_packet = absl::InfiniteFuture();
      silent.push_back(ChannelOf(*connection));
    }
  }
  for (const int channel : silent) Violation(channel, "no packet for 5 s");
}

void VsockHost::Violation(int channel, absl::string_view what) {
  ++counters_.violations;
  vmx_.Violation(channel, what);
}

bool VsockHost::Send(int channel, const std::string& message) {
  absl::MutexLock lock(&mutex_);
  const uint32_t port = static_cast<uint32_t>(channel - kVsockChannel);
  const auto found = connections_.find(port);
  // What is said to a connection that was replaced reaches no process.
  const bool replaced = std::any_of(replaced_.begin(), replaced_.end(),
                                    [port](const Shared& old) { return old->guest_port == port; });
  if (found == connections_.end() || replaced) return true;
  Connection& connection = *found->second;
  const size_t before = connection.outgoing.size();
  Enqueue(connection, message);
  if (connection.fast_close) connection.ending = true;
  const bool sent = before == 0 && (connection.outgoing.empty() || Flush(connection) > 0);
  if (!sent || connection.ending) Wake();
  return sent;
}

void VsockHost::Enqueue(Connection& connection, const std::string& message) {
  const std::string fault = settings_.TakeFault(connection.host_port, /*reading=*/false);
  std::string bytes = EncodeVsockPacket({.type = VsockPacketType::kData, .payload = message});
  if (fault == "cut") bytes.resize(bytes.size() / 2);
  if (fault == "cut" || fault == "lose") connection.ending = true;
  if (fault == "silent" || fault == "lose") return;
  if (const auto broken = MalformedVsockPacket(fault, message); broken.ok()) bytes = *broken;
  const absl::Time previous =
      connection.outgoing.empty() ? absl::InfinitePast() : connection.outgoing.back().due;
  const absl::Time due = std::max(absl::Now(), previous) + settings_.delay();
  connection.outgoing.push_back({std::move(bytes), due});
  ++counters_.packets_to_guest;
}

int VsockHost::Flush(Connection& connection) {
  int messages = 0;
  while (!connection.outgoing.empty() && connection.outgoing.front().due <= absl::Now()) {
    Outgoing& first = connection.outgoing.front();
    const size_t split = settings_.split();
    const size_t size = split == 0 ? first.bytes.size() : std::min(split, first.bytes.size());
    const ssize_t count =
        send(connection.socket.get(), first.bytes.data(), size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) break;
    // The guest is gone: reading finds that out.
    first.bytes.erase(0, count < 0 ? first.bytes.size() : static_cast<size_t>(count));
    if (!first.bytes.empty()) {
      if (split > 0) first.due = absl::Now() + kPause;
      continue;
    }
    connection.outgoing.pop_front();
    ++messages;
  }
  return messages;
}

void VsockHost::End(int channel) {
  {
    absl::MutexLock lock(&mutex_);
    const uint32_t port = static_cast<uint32_t>(channel - kVsockChannel);
    const auto old = std::find_if(replaced_.begin(), replaced_.end(), [port](const Shared& other) {
      return other->guest_port == port;
    });
    const auto found = connections_.find(port);
    if (old == replaced_.end() && found == connections_.end()) return;
    const Shared ended = old != replaced_.end() ? *old : found->second;
    // The thread that waits for this socket keeps it open until it has been woken.
    shutdown(ended->socket.get(), SHUT_RDWR);
    ended->socket.reset();
    if (old != replaced_.end()) {
      replaced_.erase(old);
    } else {
      connections_.erase(found);
    }
  }
  Wake();
}

bool VsockHost::IsCurrent(const Shared& connection) const {
  const auto found = connections_.find(connection->guest_port);
  return (found != connections_.end() && found->second == connection) ||
         std::find(replaced_.begin(), replaced_.end(), connection) != replaced_.end();
}

// Those that were replaced first.
std::vector<VsockHost::Shared> VsockHost::All() {
  absl::MutexLock lock(&mutex_);
  std::vector<Shared> all(replaced_.begin(), replaced_.end());
  for (const auto& [port, connection] : connections_) all.push_back(connection);
  return all;
}

// What to wait for, and until when at the latest.
std::vector<pollfd> VsockHost::Waiting(absl::Time* next) {
  std::vector<pollfd> waiting = {{wake_.get(), POLLIN, 0}};
  *next = absl::InfiniteFuture();
  const absl::Time now = absl::Now();
  for (const Shared& connection : All()) {
    absl::MutexLock lock(&mutex_);
    if (!connection->socket.ok()) continue;
    if (!connection->open) {
      *next = std::min(*next, connection->due);
      continue;
    }
    short events = 0;
    if (connection->next_read <= now) events |= POLLIN;
    if (connection->next_read > now) *next = std::min(*next, connection->next_read);
    if (!connection->outgoing.empty()) {
      const absl::Time due = connection->outgoing.front().due;
      if (due <= now) events |= POLLOUT;
      if (due > now) *next = std::min(*next, due);
    }
    if (events != 0) waiting.push_back({connection->socket.get(), events, 0});
  }
  return waiting;
}

void VsockHost::Run() {
  while (!stopping_) {
    absl::Time next;
    std::vector<pollfd> waiting = Waiting(&next);
    timespec timeout = absl::ToTimespec(std::max(next - absl::Now(), absl::ZeroDuration()));
    ppoll(waiting.data(), waiting.size(), next == absl::InfiniteFuture() ? nullptr : &timeout,
          nullptr);
    eventfd_t count;
    eventfd_read(wake_.get(), &count);
    for (const Shared& connection : All()) Serve(connection);
  }
}

void VsockHost::Serve(const Shared& connection) {
  if (!connection->open && !Open(connection)) return;
  Write(connection);
  Read(connection);
  bool over = false;
  {
    absl::MutexLock lock(&mutex_);
    over = IsCurrent(connection) && connection->ending && connection->outgoing.empty();
  }
  if (over) Close(connection, /*by_guest=*/false);
}

bool VsockHost::Open(const Shared& connection) {
  {
    absl::MutexLock lock(&mutex_);
    if (!IsCurrent(connection) || connection->due > absl::Now()) return false;
    // The former owner of the port comes first: both have the same number.
    for (const Shared& old : replaced_) {
      if (old != connection && old->guest_port == connection->guest_port) return false;
    }
    if (connection->refused || !settings_.Offers(connection->host_port)) {
      // Closed with bytes that were not read: the guest's end gets ECONNRESET.
      connection->socket.reset();
      connections_.erase(connection->guest_port);
      return false;
    }
    std::string filler(connection->filler, '\0');
    size_t done = 0;
    while (done < filler.size()) {
      const ssize_t count =
          recv(connection->socket.get(), filler.data(), filler.size() - done, MSG_DONTWAIT);
      if (count <= 0) break;
      done += static_cast<size_t>(count);
    }
    connection->open = true;
  }
  vmx_.VsockOpened(ChannelOf(*connection), Protocol(*connection), Privileged(*connection),
                   connection->exec);
  return true;
}

void VsockHost::Write(const Shared& connection) {
  int messages = 0;
  {
    absl::MutexLock lock(&mutex_);
    if (IsCurrent(connection)) messages = Flush(*connection);
  }
  while (messages-- > 0) vmx_.VsockSent(ChannelOf(*connection));
}

void VsockHost::Read(const Shared& connection) {
  bool at_end = false;
  {
    absl::MutexLock lock(&mutex_);
    if (!IsCurrent(connection) || connection->next_read > absl::Now()) return;
    at_end = !Receive(*connection);
  }
  for (;;) {
    absl::StatusOr<VsockPacket> packet;
    {
      absl::MutexLock lock(&mutex_);
      if (!IsCurrent(connection)) return;
      packet = Take(*connection);
    }
    if (absl::IsNotFound(packet.status())) break;
    if (!packet.ok()) {
      Violation(ChannelOf(*connection), packet.status().message());
      Close(connection, /*by_guest=*/false);
      return;
    }
    Deliver(connection, *packet);
  }
  if (at_end) Close(connection, /*by_guest=*/true);
}

bool VsockHost::Receive(Connection& connection) {
  char buffer[kReadSize];
  if (recv(connection.socket.get(), buffer, 1, MSG_DONTWAIT | MSG_PEEK) > 0 &&
      !settings_.TakeFault(connection.host_port, /*reading=*/true).empty()) {
    // Closed with bytes that were not read: the guest's end gets ECONNRESET.
    connection.outgoing.clear();
    connection.ending = true;
    return true;
  }
  const size_t split = settings_.split();
  const size_t size = split == 0 ? sizeof(buffer) : std::min(split, sizeof(buffer));
  const ssize_t count = recv(connection.socket.get(), buffer, size, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (count <= 0) return false;
  if (split > 0) connection.next_read = absl::Now() + kPause;
  connection.incoming.append(buffer, static_cast<size_t>(count));
  return true;
}

absl::StatusOr<VsockPacket> VsockHost::Take(Connection& connection) {
  const absl::string_view bytes = connection.incoming;
  if (bytes.size() < kVsockLengthSize) return absl::NotFoundError("no length yet");
  const absl::StatusOr<size_t> size = VsockBodySize(bytes);
  if (!size.ok()) return size.status();
  if (bytes.size() < kVsockLengthSize + *size) return absl::NotFoundError("not complete");
  absl::StatusOr<VsockPacket> packet = DecodeVsockBody(bytes.substr(kVsockLengthSize, *size));
  connection.incoming.erase(0, kVsockLengthSize + *size);
  ++counters_.packets_from_guest;
  if (!packet.ok()) return packet;
  const bool is_tclo = connection.host_port == kVsockTcloPort;
  if (is_tclo) connection.last_packet = absl::Now();
  connection.fast_close |= packet->fast_close;
  return packet;
}

void VsockHost::Deliver(const Shared& connection, const VsockPacket& packet) {
  const int channel = ChannelOf(*connection);
  if (packet.unknown_fields > 0) Violation(channel, "fields that the protocol does not have");
  if (packet.type == VsockPacketType::kPing) {
    ++counters_.pings;
    return;
  }
  vmx_.VsockMessage(channel, packet.payload);
}

void VsockHost::Close(const Shared& connection, bool by_guest) {
  {
    absl::MutexLock lock(&mutex_);
    if (!IsCurrent(connection)) return;
    connection->socket.reset();
    const auto old = std::find(replaced_.begin(), replaced_.end(), connection);
    if (old != replaced_.end()) {
      replaced_.erase(old);
      Wake();
    } else {
      connections_.erase(connection->guest_port);
    }
  }
  vmx_.VsockClosed(ChannelOf(*connection), by_guest);
}

}  // namespace toolboxd::vmxsim
