// SPDX-License-Identifier: Apache-2.0

// A program without gRPC's repetition of calls: its channels have GRPC_ARG_ENABLE_RETRIES 0
// (daemon/channel.cc, transportd/sessions/session_channel.cc), so they never look at this filter.
// One that had retries would end the program with its first call. A program that defines the
// filter's table does not get the archive's; other versions of gRPC keep theirs.

#include <grpcpp/version_info.h>

#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR == 51

namespace grpc_core {

// As large as a grpc_channel_filter, or larger.
extern const void* const kRetryFilterVtable[32];
const void* const kRetryFilterVtable[32] = {};

}  // namespace grpc_core

#endif
