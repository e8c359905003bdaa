// SPDX-License-Identifier: Apache-2.0

// What deployd requests from the unit that runs the administrator's scripts, and what the unit
// answers (docs/protocol/customization.md 9.6). Both are small files.

#ifndef TOOLBOXD_DEPLOYD_SCRIPT_REQUEST_H_
#define TOOLBOXD_DEPLOYD_SCRIPT_REQUEST_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace toolboxd::deployd {

// deployd writes it, which starts the unit; the unit removes it before it runs a script.
inline constexpr char kScriptRequestFile[] = "/run/toolboxd/deploy/customize-request";
// The unit, as root, writes it into a folder of its own.
inline constexpr char kScriptOutcomeFile[] = "/run/toolboxd-customize-hook/outcome";
inline constexpr char kScriptFolder[] = "/etc/toolboxd/customize.d";

// The size of the largest cust.cfg, with six bytes for each of its bytes, and its keys.
inline constexpr size_t kMaxRequestBytes = 4 << 20;
inline constexpr size_t kMaxOutcomeBytes = 4096;

struct ScriptRequest {
  // Letters and digits; the outcome repeats it.
  std::string id;
  // For all scripts together, in whole seconds, 1 to 3600.
  absl::Duration time_limit;
  // One line, on every script's standard input.
  std::string json;
};

// Pure. INVALID_ARGUMENT for bytes that Encode() does not write.
std::string Encode(const ScriptRequest& request);
absl::StatusOr<ScriptRequest> DecodeScriptRequest(absl::string_view text);

// The outcome for a request: OK, or an error whose message is one line. Pure.
std::string EncodeOutcome(absl::string_view id, const absl::Status& status);
// NOT_FOUND if the text is not an outcome of that request.
absl::Status DecodeOutcome(absl::string_view id, absl::string_view text);

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_SCRIPT_REQUEST_H_
