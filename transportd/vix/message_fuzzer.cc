// SPDX-License-Identifier: Apache-2.0

#include <cstdlib>

#include "transportd/vix/credential.h"
#include "transportd/vix/message.h"
#include "transportd/vix/testing/host_messages.h"

// Whatever parses has its parts inside the input and survives encoding.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toolboxd::vix;
  absl::string_view input(reinterpret_cast<const char*>(data), size);
  Reply reply;
  ParseReply(input, reply);
  for (uint32_t type = 0; type <= 13; ++type) {
    Credential credential;
    if (ParseCredential(type, input, credential) != Error::kOk) continue;
    Credential again;
    const std::string encoded = EncodeNamePassword(credential.user, credential.password);
    if (ParseCredential(kCredentialNamePassword, encoded, again) != Error::kOk) std::abort();
    if (again.user != credential.user || again.password != credential.password) std::abort();
  }

  constexpr absl::string_view kCommand = "Vix_1_Relayed_Command ";
  if (input.substr(0, kCommand.size()) == kCommand) input.remove_prefix(kCommand.size());
  Request request;
  if (ParseRelayedCommand(input, request) != Error::kOk) return 0;
  Request again;
  const std::string encoded = EncodeRelayedCommand(request);
  if (ParseRelayedCommand(encoded, again) != Error::kOk) {
    // Only authentication data that is announced but not written is lost.
    std::abort();
  }
  if (again.body != request.body || again.credential != request.credential) std::abort();
  return 0;
}
