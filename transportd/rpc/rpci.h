// SPDX-License-Identifier: Apache-2.0

// RPCI: requests of the guest to the host (docs/protocol/rpc.md 2.1).

#ifndef TOOLBOXD_TRANSPORTD_RPC_RPCI_H_
#define TOOLBOXD_TRANSPORTD_RPC_RPCI_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd {

// The host's answer to a request: whether it began with "1 ", and what followed.
struct RpciReply {
  bool success = false;
  std::string data;
};

// Sends one request, byte for byte, and waits for its answer. The host acts on it once at most. An
// error status means that there is no answer: no channel, or one that broke and that its owner
// reopens; Aborted, that the host may have acted on the request all the same. Called on the
// channel's thread, and on the one that keeps the host waiting for a snapshot
// (transportd/snapshot).
using RpciSend = std::function<absl::StatusOr<RpciReply>(absl::string_view request)>;

// For requests that do no harm when the host acts on them twice, such as those that set a value:
// one whose answer was lost is sent a second time.
inline RpciSend RepeatLost(RpciSend send) {
  return [send = std::move(send)](absl::string_view request) {
    absl::StatusOr<RpciReply> reply = send(request);
    return absl::IsAborted(reply.status()) ? send(request) : reply;
  };
}

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_RPC_RPCI_H_
