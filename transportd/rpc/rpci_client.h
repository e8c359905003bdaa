// SPDX-License-Identifier: Apache-2.0

// RpciClient: sends requests to the host on one channel, and reopens it if it breaks.

#ifndef TOOLBOXD_TRANSPORTD_RPC_RPCI_CLIENT_H_
#define TOOLBOXD_TRANSPORTD_RPC_RPCI_CLIENT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "transportd/rpc/channel.h"
#include "transportd/rpc/rpci.h"

namespace toolboxd {

// Uses one RPCI channel, opened by the first request and kept (docs/protocol/rpc.md 2.1). Not
// thread-safe. The channel must outlive it.
class RpciClient {
 public:
  explicit RpciClient(Channel* channel) : channel_(*channel) {}

  // Sends the request unchanged and returns the host's answer. If the channel turns out to be
  // broken before the host has the whole request, it is reopened and the request is sent again.
  // The host acts on a request once at most. Errors:
  //   Unavailable      no channel, or broken twice: the host does not have the request
  //   Aborted          the request was sent and its answer was lost: the host may have acted on it
  //   DataLoss         an answer without "1 " or "0 "
  //   InvalidArgument  longer than 64 KiB
  absl::StatusOr<RpciReply> Send(absl::string_view request);

  // Closes the channel; the next request opens a new one, whatever has failed before.
  void Reset() {
    channel_.Close();
    channel_.ExpectChange();
  }

  void ExpectChange() { channel_.ExpectChange(); }
  // As Channel::Describe().
  std::string Describe() const { return channel_.Describe(); }

 private:
  absl::Status SendOnce(absl::string_view request);

  Channel& channel_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_RPC_RPCI_CLIENT_H_
