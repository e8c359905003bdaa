// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/match.h"
#include "toolboxctl/openmetrics.h"

// Whoever may connect sends any bytes: each gets one of five answers, and the metrics or none.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view request(reinterpret_cast<const char*>(data), size);
  const std::string answer = toolboxd::HttpAnswer(request, std::string("# EOF\n"));
  bool known = false;
  for (const char* status : {"200 ", "400 ", "404 ", "405 "}) {
    known = known || absl::StartsWith(answer, std::string("HTTP/1.1 ") + status);
  }
  const bool has_metrics = absl::StrContains(answer, "# EOF\n");
  if (!known || (has_metrics && !absl::StartsWith(answer, "HTTP/1.1 200 "))) abort();
  const std::string failed = toolboxd::HttpAnswer(request, absl::UnavailableError("no"));
  if (absl::StartsWith(failed, "HTTP/1.1 200 ")) abort();
  return 0;
}
