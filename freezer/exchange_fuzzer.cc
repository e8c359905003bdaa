// SPDX-License-Identifier: Apache-2.0

#include <string.h>

#include <cstdint>
#include <cstdlib>

#include "freezer/exchange.h"
#include "freezer/testing/fake_kernel.h"
#include "freezer/testing/list_file.h"

namespace freezer = toolboxd::freezer;

namespace {

class Guard : public freezer::Guard {
 public:
  int Start(const freezer::Targets&) override { return 0; }
  void Wake() override {}
  int Interruption() override { return interruption; }

  int interruption = 0;
};

constexpr uint32_t kForeign = 7;

void Require(bool condition) {
  if (!condition) abort();
}

// Six bytes make a command; those from 0x80 on are sent as a packet, as they are.
struct Input {
  const uint8_t* data;
  size_t size;
};

size_t MakeRequest(const uint8_t* command, freezer::Request& request) {
  request.operation = static_cast<freezer::Operation>(command[0]);
  request.flags = command[1] & 3;
  request.freeze_ms = command[2];
  request.hold_ms = command[3];
  request.mount_id = command[4];
  if (command[5] == 0xff) memset(request.path, '/', sizeof request.path);
  request.path[0] = '/';
  request.path[1] = static_cast<char>('0' + command[5] % 10);
  return sizeof request;
}

}  // namespace

// Whatever is asked, in whatever order: the replies are well-formed, what another program froze
// stays frozen, and at the end nothing else is.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static freezer::ListFile file;
  freezer::FakeKernel kernel;
  Guard guard;
  freezer::List list;
  Require(list.Open(file.path()) == 0);
  kernel.shared().frozen[kForeign] = true;
  freezer::Exchange exchange(&kernel, &guard, &list);
  for (bool is_open = true; is_open && size >= 6; data += 6, size -= 6) {
    kernel.Advance(data[1] >> 1);
    exchange.Tick();
    if (data[0] == 0x7f) {
      guard.interruption = data[1] & 1;
      kernel.shared().freeze_error[data[2]] = data[3];
      continue;
    }
    freezer::Request request;
    size_t length = MakeRequest(data, request);
    if (data[0] >= 0x80) {
      length = size < sizeof request ? size : sizeof request;
      memcpy(&request, data, length);
    }
    freezer::Reply reply;
    toolboxd::UniqueFd descriptor;
    is_open = exchange.Answer(request, length, reply, descriptor) == freezer::Verdict::kGoOn;
    Require(reply.version == freezer::kVersion && reply.error >= 0);
    Require(reply.count <= freezer::kMaxTargets && reply.failed <= reply.count);
    Require(is_open || reply.error == EPROTO);
    Require(kernel.shared().frozen[kForeign]);
    if (is_open && request.operation == freezer::Operation::kThaw) Require(kernel.Frozen() == 1);
  }
  exchange.Lose();
  Require(kernel.Frozen() == 1 && kernel.shared().frozen[kForeign]);
  return 0;
}
