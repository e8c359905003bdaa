// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/message_channel.h"
#include "transportd/backdoor/testing/fuzz_port.h"
#include "transportd/wire/reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toolboxd;
  wire::Reader input(absl::string_view(reinterpret_cast<const char*>(data), size));
  backdoor::FuzzPort port(&input);
  backdoor::MessageChannel channel(&port, backdoor::kProtocolTclo);
  if (!channel.Open().ok()) return 0;
  while (input.remaining() > 0) {
    if (!channel.Send("OK ").ok()) break;
    const auto message = channel.Receive();
    if (!message.ok()) break;
    if (message->size() > backdoor::kMaxMessageSize) std::abort();
  }
  return 0;
}
