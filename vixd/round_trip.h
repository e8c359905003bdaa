// SPDX-License-Identifier: Apache-2.0

// http.RoundTrip: one exchange with a TCP server, driven by stdin and stdout
// (docs/protocol/hgfs.md 5.9).

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

// Parses as base/host_port.h does. INVALID_ARGUMENT.
absl::StatusOr<Destination> ParseDestination(absl::string_view text);

// The streams of the running function. Called from one thread.
class RoundTripStreams {
 public:
  virtual ~RoundTripStreams() = default;
  // Replaces `bytes` by the next bytes of stdin; false at its end.
  virtual bool ReadInput(std::string& bytes) = 0;
  // False if the caller no longer takes output.
  virtual bool WriteOutput(absl::string_view bytes) = 0;
  // Whether the caller has cancelled the run.
  virtual bool IsCancelled() const = 0;
};

// Which addresses a round trip may connect to.
struct Reach {
  // Destinations, compared letter by letter, that may have any address.
  std::vector<std::string> destinations = {};
  // Whether addresses of the loopback interface may be used, whatever the destination.
  bool loopback = true;
};

// Sends stdin to the server until its end and writes what the server answers to stdout, also before
// the end of stdin, until the server closes the connection. PERMISSION_DENIED for a destination
// that has only addresses beyond `reach`.
absl::Status RoundTrip(const std::string& destination, const Reach& reach,
                       RoundTripStreams& streams);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_ROUND_TRIP_H_
