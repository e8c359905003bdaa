// SPDX-License-Identifier: Apache-2.0

// toolboxctl metrics: transportd's numbers in the text format of OpenMetrics 1.0.

#ifndef TOOLBOXD_TOOLBOXCTL_OPENMETRICS_H_
#define TOOLBOXD_TOOLBOXCTL_OPENMETRICS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// Families without a value are left out; labels are sorted; ends with "# EOF".
std::string OpenMetricsText(const v1::Metrics& metrics);

// The answer of HTTP/1.1 to a request, of which the first line counts: GET or HEAD of / or /metrics
// gets `text`, or 503 with its error; another path 404, another method 405, something else 400. The
// connection ends after it.
std::string HttpAnswer(absl::string_view request, const absl::StatusOr<std::string>& text);

// Reads a request of HTTP from `fd`, up to its empty line, within five seconds and 8 KiB; what has
// come by then.
std::string ReadHttpRequest(int fd);

// Prints the metrics, or with --http answers the request on standard input. The exit status.
int MetricsMain();

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_OPENMETRICS_H_
