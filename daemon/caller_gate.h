// SPDX-License-Identifier: Apache-2.0

// What a caller of few rights may send over HTTP/2, before gRPC sees it.

#ifndef TOOLBOXD_DAEMON_CALLER_GATE_H_
#define TOOLBOXD_DAEMON_CALLER_GATE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/frame_reader.h"

namespace toolboxd {

// How long the server may still be at work on a call that its caller has given up, or that the
// server has reset: at a deadline, or for what the caller sent.
constexpr absl::Duration kAfterReset = absl::Seconds(1);

// gRPC 1.51 reads calls faster than it serves them, and keeps all that it has read: calls that are
// given up at once, or that come before the caller has confirmed gRPC's limit, took a gigabyte in
// five seconds. So did PINGs. This counts the calls of a connection, and the frames that belong to
// none.
//
// Looks at both directions of one connection, in their order. Keeps no content. Not thread-safe.
class CallerGate {
 public:
  // Whether the caller's user may begin a call, beside those of all their connections.
  using Share = std::function<bool(absl::Time now)>;

  // `max_calls`: at a time.
  CallerGate(size_t max_calls, Share share) : max_calls_(max_calls), share_(std::move(share)) {}

  // What the caller sends, in parts of any size; `now` never goes back. After an error the
  // connection must end, and the server must not see the part.
  absl::Status FromCaller(absl::string_view part, absl::Time now);
  // What the server sends.
  void FromServer(absl::string_view part, absl::Time now);

  // The connection has ended, so all calls are given up. Once or more often.
  void End(absl::Time now);

  // Calls on which the server may be at work.
  size_t Calls(absl::Time now);
  // How many either side has reset so far.
  uint64_t resets() const { return resets_; }

 private:
  absl::Status Begin(uint32_t stream, absl::Time now);
  void Reset(absl::Time now);
  absl::Status CountOther(absl::Time now);

  const size_t max_calls_;
  const Share share_;
  FrameReader from_caller_{kPrefaceBytes};
  FrameReader from_server_{0};
  uint32_t last_stream_ = 0;
  // Streams that the server has not ended, and the last one that it has. What it ends before it has
  // served it, it also resets, in the next frame.
  std::set<uint32_t> open_;
  uint32_t ended_ = 0;
  // When those that were reset count no more, in order.
  std::deque<absl::Time> reset_;
  uint64_t resets_ = 0;
  // When all frames that belong to no call would have come at the permitted rate.
  absl::Time others_until_ = absl::InfinitePast();
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_CALLER_GATE_H_
