// SPDX-License-Identifier: Apache-2.0

// Channel: whole messages to and from the host, whichever transport carries them
// (docs/protocol/transport.md).

#ifndef TOOLBOXD_TRANSPORTD_RPC_CHANNEL_H_
#define TOOLBOXD_TRANSPORTD_RPC_CHANNEL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace toolboxd {

// What is spoken on a channel (docs/protocol/rpc.md).
enum class Protocol {
  // The guest asks, the host answers.
  kRpci,
  // The host asks, the guest answers.
  kTclo,
};

// How a TCLO channel learns of the host's next message.
struct Arrival {
  // Readable when the host has sent something or has left. -1: this host cannot push, and has to be
  // asked as often as PollPolicy says.
  int fd = -1;
  // With a descriptor: when Send("") and Receive() are due all the same. A SteadyNow() time.
  absl::Time by = absl::InfiniteFuture();
};

// One channel, of one protocol. After an error from Send() or Receive(), other than
// InvalidArgument, close it and open it again. Not thread-safe.
class Channel {
 public:
  virtual ~Channel() = default;

  // Closes the channel first if it is open.
  virtual absl::Status Open() = 0;
  // Does nothing on a closed channel.
  virtual void Close() = 0;
  virtual bool is_open() const = 0;

  // Sends one message. An empty one is TCLO's sign of life. Every error means that the host has not
  // received the whole message, and so has not acted on it. Errors:
  //   Unavailable      the channel is broken or closed
  //   InvalidArgument  longer than 64 KiB; nothing was sent, and the channel is as it was
  virtual absl::Status Send(absl::string_view message) = 0;

  // TCLO: the next message; empty if none has come. RPCI: the answer to the request; empty if the
  // host has none. Errors:
  //   Unavailable       the channel is broken or closed
  //   DeadlineExceeded  the host took too long
  //   DataLoss          the host broke the protocol
  virtual absl::StatusOr<std::string> Receive() = 0;

  virtual Arrival arrival() const { return {}; }

  // Such as "backdoor, high bandwidth"; for people. Begins with the transport's name. Empty if the
  // channel is closed.
  virtual std::string Describe() const = 0;
  // Why a better transport is not in use; empty if there is none.
  virtual std::string Reason() const { return ""; }

  // The host may be another one, or another way to it may be open: what has failed is tried again
  // soon. Costs a host that flaps no more than one attempt a call.
  virtual void ExpectChange() {}
};

// A channel whose host pushes, and whose opening takes time.
class PushChannel : public Channel {
 public:
  // Begins or continues to open the channel without waiting: true once it is open, false while the
  // host has not decided. After an error a later call begins again.
  virtual absl::StatusOr<bool> TryOpen() = 0;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_RPC_CHANNEL_H_
