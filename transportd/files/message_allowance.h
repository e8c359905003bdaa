// SPDX-License-Identifier: Apache-2.0

// MessageAllowance: how many messages a service's stream may take for its content.

#ifndef TOOLBOXD_TRANSPORTD_FILES_MESSAGE_ALLOWANCE_H_
#define TOOLBOXD_TRANSPORTD_FILES_MESSAGE_ALLOWANCE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/steady_time.h"

namespace toolboxd::files {

// A service that runs as a user, or that others wrote, may send messages without content, or a byte
// in each, forever: each costs transportd a wake-up. So the messages of a stream bring 16 bytes on
// the average. Beyond that a stream has 256 messages, and gets back 100 of them a second. Not
// thread-safe.
class MessageAllowance {
 public:
  static constexpr int64_t kMessages = 256;
  static constexpr int64_t kMessagesASecond = 100;
  static constexpr int64_t kMessageBytes = 16;

  // Counts a message with `size` bytes of content. UNAVAILABLE beyond the allowance: the stream
  // must end.
  absl::Status Take(size_t size, absl::Time now = SteadyNow()) {
    const absl::Duration gone =
        std::clamp(now - counted_, absl::ZeroDuration(), absl::Seconds(kMessages));
    const int64_t earned =
        absl::ToInt64Microseconds(gone) * kMessagesASecond * kMessageBytes / 1000000;
    if (earned > 0) counted_ = now;
    const auto brought = static_cast<int64_t>(std::min<size_t>(size, kFull));
    credit_ = std::min(credit_ + earned + brought, kFull) - kMessageBytes;
    if (credit_ >= 0) return absl::OkStatus();
    return absl::UnavailableError(
        "the service sends too many messages with little or no content; messages should bring 16 "
        "bytes on the average");
  }

 private:
  static constexpr int64_t kFull = kMessages * kMessageBytes;

  // In bytes.
  int64_t credit_ = kFull;
  absl::Time counted_ = SteadyNow();
};

}  // namespace toolboxd::files

#endif  // TOOLBOXD_TRANSPORTD_FILES_MESSAGE_ALLOWANCE_H_
