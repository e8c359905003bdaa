// SPDX-License-Identifier: Apache-2.0

// Covers: transportd/hgfs/messages.cc transportd/hgfs/packet.cc transportd/hgfs/path.cc

#include <cstdlib>

#include "transportd/hgfs/messages.h"
#include "transportd/hgfs/packet.h"
#include "transportd/hgfs/path.h"

namespace toolboxd::hgfs {
namespace {

// What decodes must encode to something that decodes to the same encoding.
template <typename Message>
void RoundTrip(Op op, absl::string_view payload) {
  Message message;
  if (!Decode(op, payload, message)) return;
  const std::string encoded = Encode(op, message);
  Message again;
  if (!Decode(op, encoded, again) || Encode(op, again) != encoded) std::abort();
}

void RoundTripAll(Op op, absl::string_view payload) {
  RoundTrip<CreateSessionRequest>(op, payload);
  RoundTrip<CreateSessionReply>(op, payload);
  RoundTrip<NameRequest>(op, payload);
  RoundTrip<GetattrReply>(op, payload);
  RoundTrip<SetattrRequest>(op, payload);
  RoundTrip<OpenRequest>(op, payload);
  RoundTrip<OpenReply>(op, payload);
  RoundTrip<HandleRequest>(op, payload);
  RoundTrip<ReadRequest>(op, payload);
  RoundTrip<ReadReply>(op, payload);
  RoundTrip<WriteRequest>(op, payload);
  RoundTrip<WriteReply>(op, payload);
  RoundTrip<SearchOpenRequest>(op, payload);
  RoundTrip<SearchReadRequest>(op, payload);
  RoundTrip<SearchReadReply>(op, payload);
  RoundTrip<CreateDirRequest>(op, payload);
  RoundTrip<DeleteRequest>(op, payload);
  RoundTrip<RenameRequest>(op, payload);
  RoundTrip<VolumeReply>(op, payload);
  RoundTrip<EmptyReply>(op, payload);
}

}  // namespace
}  // namespace toolboxd::hgfs

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toolboxd::hgfs;
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  std::string path;
  if (DecodePath(input, path) == Status::kSuccess && EncodePath(path) != input) std::abort();

  Packet packet;
  if (!DecodePacket(input, packet)) return 0;
  Packet again;
  const std::string encoded = EncodePacket(packet);
  if (!DecodePacket(encoded, again) || again.payload != packet.payload) std::abort();
  if (IsSupported(packet.op)) RoundTripAll(static_cast<Op>(packet.op), packet.payload);
  return 0;
}
