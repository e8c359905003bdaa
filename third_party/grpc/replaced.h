// SPDX-License-Identifier: Apache-2.0

// TOOLBOXD_REPLACES_PARTS_OF_GRPC: 1 where functions of gRPC's own, which it has no public way to
// choose, are replaced. Then
//
//   gRPC's timers wake no thread before the first of them is due (daemon/quiet_timers.h),
//   headers of a call have one frame and 8 KiB at most (daemon/header_frames.h),
//   a message ends when its length is known to be too large (daemon/message_length.h),
//   a program has those parts only that Unix sockets need (parts.cc, unused.cc).
//
// Their names and types are those of gRPC 1.51, which Debian 12, 13 and testing have. With another
// version the macro is 0: gRPC's own functions stay, and what they do.

#ifndef TOOLBOXD_THIRD_PARTY_GRPC_REPLACED_H_
#define TOOLBOXD_THIRD_PARTY_GRPC_REPLACED_H_

#include <grpcpp/version_info.h>

#if GRPC_CPP_VERSION_MAJOR == 1 && GRPC_CPP_VERSION_MINOR == 51
#define TOOLBOXD_REPLACES_PARTS_OF_GRPC 1
#else
#define TOOLBOXD_REPLACES_PARTS_OF_GRPC 0
#endif

#endif  // TOOLBOXD_THIRD_PARTY_GRPC_REPLACED_H_
