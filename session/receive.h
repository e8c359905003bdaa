// SPDX-License-Identifier: Apache-2.0

// Reads the one request of a connection.

#ifndef TOOLBOXD_SESSION_RECEIVE_H_
#define TOOLBOXD_SESSION_RECEIVE_H_

#include <chrono>
#include <optional>

#include "session/handshake.h"

namespace toolboxd::session {

struct ReceiveLimits {
  // The limit before the first byte. transportd keeps a spare connection silent for minutes.
  std::chrono::milliseconds silence = std::chrono::hours(24);
  // The limit from the first byte to the last.
  std::chrono::milliseconds transfer = std::chrono::seconds(5);
};

enum class ReceiveError {
  kNone,
  // The peer left without sending anything, as when a spare connection ends.
  kClosed,
  // One of the limits passed, or the peer left in the middle.
  kIncomplete,
  kMalformed,
};

// Reads exactly the request and not a byte more, since the service's own bytes follow.
// Sets `error`; wipes its own copies.
std::optional<Request> ReceiveRequest(int connection, const ReceiveLimits& limits,
                                      ReceiveError& error);

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_RECEIVE_H_
