// SPDX-License-Identifier: Apache-2.0

// A host that answers with arbitrary registers, and a guest's clock that shows anything. Whatever
// they are, a sample's times can be subtracted from each other.

#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "transportd/backdoor/constants.h"
#include "transportd/host_time/sample.h"
#include "transportd/wire/reader.h"

namespace {

using toolboxd::wire::Reader;

class AnyHost final : public toolboxd::backdoor::Port {
 public:
  explicit AnyHost(Reader* input) : input_(*input) {}

  // 21 bytes a call: whether EAX keeps the magic, then five registers. All zero at the end.
  void In(toolboxd::backdoor::Registers& registers) override {
    if (input_.U8() == 0) registers.ax = input_.U32();
    registers.bx = input_.U32();
    registers.cx = input_.U32();
    registers.dx = input_.U32();
    registers.si = input_.U32();
    registers.di = input_.U32();
  }
  void HighBandwidthOut(toolboxd::backdoor::Registers&) override {}
  void HighBandwidthIn(toolboxd::backdoor::Registers&) override {}

 private:
  Reader& input_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Reader input(absl::string_view(reinterpret_cast<const char*>(data), size));
  AnyHost host(&input);
  const auto sample = toolboxd::host_time::TakeSample(host, [&input] {
    // As clock_gettime(2) answers: 1970 to 2106.
    const int64_t realtime = int64_t{input.U32()} * 1000000;
    return toolboxd::WallClock{realtime, realtime - input.U32()};
  });
  if (!sample.ok()) return 0;
  constexpr int64_t kEightThousandYears = int64_t{8100} * 366 * 86400 * 1000000;
  if (sample->window < 0 || sample->interrupt_lag < 0 || sample->max_lag < 0 ||
      std::abs(sample->Adjustment()) > kEightThousandYears) {
    abort();
  }
  return 0;
}
