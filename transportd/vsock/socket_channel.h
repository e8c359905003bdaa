// SPDX-License-Identifier: Apache-2.0

// SocketChannel: guest RPC over vsock (docs/protocol/transport.md 1.6).

#ifndef TOOLBOXD_TRANSPORTD_VSOCK_SOCKET_CHANNEL_H_
#define TOOLBOXD_TRANSPORTD_VSOCK_SOCKET_CHANNEL_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "transportd/rpc/channel.h"
#include "transportd/vsock/system.h"

namespace toolboxd::vsock {

// RPCI: Receive() waits for the answer. TCLO: the host pushes, Receive() never waits, takes one
// packet at most, and is empty for a PING; Send("") sends the heartbeat if that is due. One packet
// is on its way in each direction, so an answer cannot be taken for another request's. Not
// thread-safe. `system` must outlive the channel.
class SocketChannel final : public PushChannel {
 public:
  // How long the host may take to accept a connection; for the answer to a request, and to take or
  // complete a packet; for its first message on a TCLO channel.
  static constexpr absl::Duration kConnectPatience = absl::Milliseconds(500);
  static constexpr absl::Duration kPacketPatience = absl::Seconds(2);
  static constexpr absl::Duration kFirstMessagePatience = absl::Seconds(3);
  // From one packet of the guest to its PING, once it has replied.
  static constexpr absl::Duration kHeartbeat = absl::Seconds(1);

  // Connects that the host may reset before it is taken to offer no vsock, each from another
  // privileged port; and those that may find no buffers, each a millisecond after the other.
  static constexpr int kMaxResets = 8;
  static constexpr int kMaxNoBuffers = 5;

  SocketChannel(System* system, Protocol protocol) : system_(*system), protocol_(protocol) {}
  SocketChannel(const SocketChannel&) = delete;
  SocketChannel& operator=(const SocketChannel&) = delete;
  ~SocketChannel() override { Close(); }

  // Waits for the host, at most kConnectPatience.
  absl::Status Open() override;
  absl::StatusOr<bool> TryOpen() override;
  void Close() override;
  bool is_open() const override { return open_; }
  absl::Status Send(absl::string_view message) override;
  absl::StatusOr<std::string> Receive() override;
  Arrival arrival() const override;
  std::string Describe() const override;

  // Whether the source port shows the host that root permitted the channel. For RPCI.
  bool privileged() const { return privileged_; }

 private:
  void Begin();
  int Connect();
  int BindPrivileged();
  bool MayTryAgain(int error);
  absl::Status Fail(int error);

  absl::Status SendAll(absl::string_view head, absl::string_view body);
  absl::Status SendHeartbeat();
  absl::Status CheckQuiet();
  absl::StatusOr<bool> ReadSome();
  absl::StatusOr<bool> PacketIsComplete() const;
  absl::StatusOr<std::string> TakePacket();
  absl::Status CheckPatience() const;

  System& system_;
  const Protocol protocol_;
  int fd_ = -1;
  bool open_ = false;
  bool privileged_ = false;

  // While the channel is being opened.
  absl::Time connect_by_;
  uint32_t next_port_ = kLastPrivilegedPort;
  int resets_ = 0;
  int no_buffers_ = 0;

  // What was received and not taken: the beginning of a packet, as a rule nothing.
  std::string received_;
  // When the packet that has begun must be complete.
  absl::Time packet_by_ = absl::InfiniteFuture();
  // TCLO: when the host must have sent something, and when the next PING is due.
  absl::Time first_message_by_ = absl::InfiniteFuture();
  absl::Time ping_at_ = absl::InfiniteFuture();
};

}  // namespace toolboxd::vsock

#endif  // TOOLBOXD_TRANSPORTD_VSOCK_SOCKET_CHANNEL_H_
