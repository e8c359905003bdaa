// SPDX-License-Identifier: Apache-2.0

// No message is compressed, of either side.

#ifndef TOOLBOXD_DAEMON_UNCOMPRESSED_H_
#define TOOLBOXD_DAEMON_UNCOMPRESSED_H_

#include "grpcpp/support/channel_arguments.h"

namespace toolboxd {

// gRPC's limit for a message counts before the message is decompressed: 128 KiB could be 128 MiB.
// A call with a compressed message fails, a caller's with UNIMPLEMENTED. `set` is called with the
// name and the value of each argument that a channel, or a server's builder, needs for it.
template <typename Set>
void RefuseCompression(const Set& set) {
  set(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
  set(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE);
}

inline void RefuseCompression(grpc::ChannelArguments& arguments) {
  RefuseCompression([&arguments](const char* name, int value) { arguments.SetInt(name, value); });
}

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_UNCOMPRESSED_H_
