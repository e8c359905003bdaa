// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/utf8.h"
#include "deployd/script_request.h"

// deployd and the unit of root read each other's files: only what the other one writes counts.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view text(reinterpret_cast<const char*>(data), size);
  const auto request = toolboxd::deployd::DecodeScriptRequest(text);
  if (request.ok() && toolboxd::deployd::Encode(*request) != text) abort();
  const absl::string_view id = text.substr(0, text.find(' '));
  const absl::Status outcome = toolboxd::deployd::DecodeOutcome(id, text);
  const std::string message(outcome.message());
  if (toolboxd::PrintableUtf8(message) != message) abort();
  if (outcome.ok() && text != absl::StrCat(id, " ok\n")) abort();
  return 0;
}
