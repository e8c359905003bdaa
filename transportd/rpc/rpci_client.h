// SPDX-License-Identifier: Apache-2.0

// RpciClient: sends requests to the host on one channel, and reopens it if it breaks.

#ifndef TOOLBOXD_TRANSPORTD_RPC_RPCI_CLIENT_H_
#define TOOLBOXD_TRANSPORTD_RPC_RPCI_CLIENT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "transportd/backdoor/message_channel.h"
#include "transportd/backdoor/port.h"
#include "transportd/rpc/rpci.h"

namespace toolboxd {

// Owns one RPCI channel, opened by the first request and kept (docs/protocol/rpc.md 2.1). Not
// thread-safe. `port` must outlive it.
class RpciClient {
 public:
  explicit RpciClient(backdoor::Port* port) : channel_(port, backdoor::kProtocolRpci) {}

  // Sends the request unchanged and returns the host's answer. If the channel turns out to be
  // broken, it is reopened and the request is sent a second time: the host may then have seen it
  // twice. Errors:
  //   Unavailable      no channel, or broken twice
  //   DataLoss         an answer without "1 " or "0 "
  //   InvalidArgument  longer than 64 KiB
  absl::StatusOr<RpciReply> Send(absl::string_view request);

  // Closes the channel; the next request opens a new one.
  void Reset() { channel_.Close(); }

  bool high_bandwidth() const { return channel_.high_bandwidth(); }

 private:
  absl::StatusOr<std::string> Exchange(absl::string_view request);

  backdoor::MessageChannel channel_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_RPC_RPCI_CLIENT_H_
