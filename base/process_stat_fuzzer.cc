// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/process_stat.h"

// A process chooses its own name, which stands in the middle of the text.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const toolboxd::ProcessStat any = toolboxd::ParseProcessStat(text.c_str());
  if (any.start_ticks != 0 && any.process == 0) abort();
  const std::string name = text.substr(0, text.find('\0')).substr(0, 15);
  const std::string stat =
      "7 (" + name + ") S 1 7 7 0 -1 4194304 9 9 9 9 9 9 9 9 20 0 1 0 4711 2600960 99";
  const toolboxd::ProcessStat found = toolboxd::ParseProcessStat(stat.c_str());
  if (found.process != 7 || found.state != 'S' || found.start_ticks != 4711) abort();
  return 0;
}
