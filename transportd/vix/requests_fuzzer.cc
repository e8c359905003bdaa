// SPDX-License-Identifier: Apache-2.0

#include <cstdlib>

#include "base/utf8.h"
#include "transportd/vix/property_list.h"
#include "transportd/vix/requests.h"
#include "transportd/vix/strings.h"
#include "transportd/vix/testing/host_messages.h"

namespace toolboxd::vix {
namespace {

// What decodes must encode to something that decodes to the same encoding.
template <typename Request>
void RoundTrip(absl::string_view body) {
  Request request;
  if (Decode(body, request) != Error::kOk) return;
  const std::string encoded = Encode(request);
  Request again;
  if (Decode(encoded, again) != Error::kOk || Encode(again) != encoded) std::abort();
}

}  // namespace
}  // namespace toolboxd::vix

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toolboxd::vix;
  const absl::string_view input(reinterpret_cast<const char*>(data), size);
  RoundTrip<PathRequest>(input);
  RoundTrip<ListFilesRequest>(input);
  RoundTrip<DirectoryRequest>(input);
  RoundTrip<MoveRequest>(input);
  RoundTrip<CreateTemporaryRequest>(input);
  RoundTrip<SetAttributesRequest>(input);
  RoundTrip<TransferToGuestRequest>(input);
  RoundTrip<StartProgramRequest>(input);
  RoundTrip<ListProcessesRequest>(input);
  RoundTrip<ReadEnvironmentRequest>(input);
  RoundTrip<TerminateRequest>(input);
  RoundTrip<HgfsPacketRequest>(input);
  RoundTrip<ListDirectoryRequest>(input);
  DirectoryRequest directory;
  DecodeLegacyDirectory(input, directory);
  MoveRequest move;
  DecodeLegacyMove(input, move);

  if (Unescape(Escape(input)) != input || !toolboxd::IsUtf8(Escape(input))) std::abort();

  std::vector<Property> properties;
  if (DecodePropertyList(input, properties)) {
    std::vector<Property> again;
    if (!DecodePropertyList(EncodePropertyList(properties), again)) std::abort();
    if (again != properties) std::abort();
  }
  return 0;
}
