// SPDX-License-Identifier: Apache-2.0

#include <cstdlib>

#include "transportd/hgfs/packet.h"
#include "transportd/testing/fake_guest.h"
#include "transportd/vix/credential.h"
#include "transportd/vix/message.h"
#include "transportd/vix/testing/host_messages.h"

// Any bytes get a reply that hosts can parse; so does any body with a good credential, and
// any packet within an HGFS session.
// Covers: transportd/vix/requests.cc transportd/vix/message.cc transportd/vix/credential.cc
// transportd/guest_operations/guest_operations.cc transportd/guest_operations/file_operations.cc
// transportd/guest_operations/program_operations.cc
// transportd/hgfs/server.cc transportd/hgfs/messages.cc transportd/hgfs/open_file.cc
// transportd/hgfs/session_table.cc
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toolboxd;
  static auto& guest = *new toolboxd::testing::FakeGuest;
  absl::string_view input(reinterpret_cast<const char*>(data), size);
  constexpr absl::string_view kCommand = "Vix_1_Relayed_Command ";
  if (input.substr(0, kCommand.size()) == kCommand) input.remove_prefix(kCommand.size());

  vix::Reply reply;
  const TcloReply raw = guest.operations().RunVix(input);
  if (!raw.ok || !vix::ParseReply(raw.data, reply)) std::abort();

  vix::Request request;
  if (vix::ParseRelayedCommand(input, request) == vix::Error::kOk) {
    guest.Send(request.opcode, request.body);
  }

  hgfs::Packet packet;
  const TcloReply hgfs = guest.operations().RunHgfs(input);
  if (!hgfs.ok || !hgfs::DecodePacket(hgfs.data, packet)) std::abort();
  return 0;
}
