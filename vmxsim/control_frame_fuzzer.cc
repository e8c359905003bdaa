// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "vmxsim/control_frame.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto words = toolboxd::vmxsim::DecodeCall(bytes);
  if (words.ok() && toolboxd::vmxsim::EncodeCall(*words) != bytes) abort();
  const auto answer = toolboxd::vmxsim::DecodeAnswer(bytes);
  if (answer.ok() && toolboxd::vmxsim::EncodeAnswer(answer) != bytes) abort();
  return 0;
}
