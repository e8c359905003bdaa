// SPDX-License-Identifier: Apache-2.0

// The host's side of VIX, for tests and the simulated hypervisor: requests encoded, replies and
// results decoded (docs/protocol/vix.md 4.1 to 4.7).
//
// All functions are pure. Nothing here uses the product's code for the other direction, so that no
// mistake is tested against itself; the vectors of transportd/vix/testdata hold both.

#ifndef TOOLBOXD_TRANSPORTD_VIX_TESTING_HOST_MESSAGES_H_
#define TOOLBOXD_TRANSPORTD_VIX_TESTING_HOST_MESSAGES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "transportd/vix/message.h"
#include "transportd/vix/property_list.h"
#include "transportd/vix/requests.h"

namespace toolboxd::vix {

// What the hypervisor sends after "Vix_1_Relayed_Command ".
std::string EncodeRelayedCommand(const Request& request);

// The credential region for types 1, 4 and 8.
std::string EncodeNamePassword(absl::string_view user, absl::string_view password);

// The bodies of requests.
std::string Encode(const PathRequest& request);
std::string Encode(const ListFilesRequest& request);
std::string Encode(const DirectoryRequest& request);
std::string Encode(const MoveRequest& request);
std::string Encode(const CreateTemporaryRequest& request);
std::string Encode(const SetAttributesRequest& request);
std::string Encode(const TransferToGuestRequest& request);
std::string Encode(const StartProgramRequest& request);
std::string Encode(const ListProcessesRequest& request);
std::string Encode(const ReadEnvironmentRequest& request);
std::string Encode(const TerminateRequest& request);
std::string Encode(const HgfsPacketRequest& request);
std::string Encode(const ListDirectoryRequest& request);

// A parsed answer. The result is without '#' or final NUL.
struct Reply {
  uint32_t error = 0;
  // Unreliable: vmtoolsd sends a stale errno or a negative number.
  int64_t additional_error = 0;
  absl::string_view result;
};

// Parses what follows "OK "; false where it is not a VIX reply.
bool ParseReply(absl::string_view data, Reply& reply);

// Undoes every %XX of a result's text; other percent signs stay.
std::string Unescape(absl::string_view text);

// False for a list that is cut, has a length that its type does not allow, or a string
// without NUL.
bool DecodePropertyList(absl::string_view bytes, std::vector<Property>& properties);

}  // namespace toolboxd::vix

#endif  // TOOLBOXD_TRANSPORTD_VIX_TESTING_HOST_MESSAGES_H_
