// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "snapshotd/glob.h"

// A pattern, a zero byte, and a text. No pattern matches what "**" does not.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using toolboxd::snapshotd::Glob;
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\0');
  if (end == absl::string_view::npos) return 0;
  const absl::string_view text = input.substr(end + 1);
  const absl::StatusOr<Glob> glob = Glob::Parse(input.substr(0, end));
  if (!glob.ok() || !glob->Matches(text)) return 0;
  const absl::StatusOr<Glob> wider = Glob::Parse("**");
  if (!wider.ok() || !wider->Matches(text)) __builtin_trap();
  return 0;
}
