// SPDX-License-Identifier: Apache-2.0

// A host that answers every step with arbitrary registers.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "absl/strings/string_view.h"
#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/message_channel.h"
#include "transportd/wire/reader.h"

namespace toolboxd::backdoor {
namespace {

class FuzzPort final : public Port {
 public:
  explicit FuzzPort(wire::Reader* input) : input_(*input) {}

  // Six bytes a step: status (one byte), type (one byte), EBX. All zero at the end of the input.
  void In(Registers& registers) override {
    const uint16_t status = input_.U8();
    registers.cx = Join16(status, Low16(registers.cx));
    registers.dx = Join16(input_.U8(), Low16(registers.dx));
    registers.bx = input_.U32();
  }
  void HighBandwidthOut(Registers& registers) override { registers.bx = Join16(input_.U8(), 0); }
  void HighBandwidthIn(Registers& registers) override {
    std::memset(reinterpret_cast<char*>(registers.di), 'x', registers.cx);
    registers.bx = Join16(input_.U8(), 0);
  }

 private:
  wire::Reader& input_;
};

}  // namespace
}  // namespace toolboxd::backdoor

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
