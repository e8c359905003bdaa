// SPDX-License-Identifier: Apache-2.0

// Parameters of a snapshot from an unfriendly host.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "transportd/snapshot/start_options.h"

// Whatever is accepted keeps to the limits; every refusal has a text for the host.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toolboxd::snapshot;  // NOLINT: the fuzzer's only subject
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto options = DecodeStartOptions(input);
  if (options.ok()) {
    if (options->script_argument.size() > kMaxScriptArgument) std::abort();
    if (options->script_argument.find('\0') != std::string::npos) std::abort();
    if (!options->freeze_file_systems.has_value() || !options->run_scripts.has_value()) {
      std::abort();
    }
  } else if (options.status().message().empty()) {
    std::abort();
  }
  if (!ParseStart(input).script_argument.empty()) std::abort();
  return 0;
}
