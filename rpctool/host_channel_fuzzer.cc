// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "absl/strings/string_view.h"
#include "rpctool/host_channel.h"
#include "transportd/backdoor/testing/fuzz_port.h"
#include "transportd/wire/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toolboxd;
  wire::Reader input(absl::string_view(reinterpret_cast<const char*>(data), size));
  backdoor::FuzzPort port(&input);
  std::vector<char> reply(backdoor::kMaxMessageSize);
  while (input.remaining() > 0) {
    size_t size = 0;
    rpctool::HostChannel(&port).Exchange("info-get guestinfo.x", reply.data(), size);
    if (size > backdoor::kMaxMessageSize) std::abort();
  }
  return 0;
}
