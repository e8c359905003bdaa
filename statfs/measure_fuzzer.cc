// SPDX-License-Identifier: Apache-2.0

#include <errno.h>
#include <string.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "statfs/measure.h"

// Whatever is asked, an error says nothing more.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace statfs = toolboxd::statfs;
  statfs::Request request;
  if (size > 0) memcpy(request.path, data, std::min(size, statfs::kMaxPath));
  const statfs::Reply reply = statfs::Measure(request);
  const bool is_empty = reply.total_bytes == 0 && reply.free_bytes == 0 && reply.minor == 0;
  if (reply.error != 0 && !is_empty) abort();
  if (reply.error == 0 && request.path[0] != '/') abort();
  return 0;
}
