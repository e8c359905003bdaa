// SPDX-License-Identifier: Apache-2.0

// http.RoundTrip: one exchange with a TCP server near the guest, driven by stdin and stdout.

#ifndef TOOLBOXD_VIXD_ROUND_TRIP_H_
#define TOOLBOXD_VIXD_ROUND_TRIP_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"

namespace toolboxd::vixd {

struct Destination {
  // A name or an address; without the brackets of an IPv6 address.
  std::string host;
  std::string port;
};

// As base/host_port.h reads it. INVALID_ARGUMENT.
absl::StatusOr<Destination> ParseDestination(absl::string_view text);

// The streams of the function that is run. Called from one thread.
class RoundTripStreams {
 public:
  virtual ~RoundTripStreams() = default;
  // The next bytes of stdin; false at its end.
  virtual bool ReadInput(std::string* bytes) = 0;
  // False when nobody takes the output any more.
  virtual bool WriteOutput(absl::string_view bytes) = 0;
  // Whether the run was given up.
  virtual bool IsCancelled() const = 0;
};

// stdin to the server until its end, then what the server answers to stdout until it closes;
// what it answers earlier is not kept waiting. docs/protocol/hgfs.md 5.9. PERMISSION_DENIED unless
// the destination is the loopback interface or, word for word, one of `allowed`.
absl::Status RoundTrip(const std::string& destination, const std::vector<std::string>& allowed,
                       RoundTripStreams* streams);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_ROUND_TRIP_H_
