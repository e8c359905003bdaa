// SPDX-License-Identifier: Apache-2.0

#include "transportd/sessions/session_channel.h"

#include <fcntl.h>

#include "daemon/header_frames.h"
#include "daemon/message_length.h"
#include "daemon/sent_descriptors.h"
#include "daemon/uncompressed.h"
#include "grpcpp/create_channel_posix.h"
#include "grpcpp/support/channel_arguments.h"

namespace toolboxd {
namespace {

// The largest HTTP/2 frame that is accepted: it holds a packet of a download, which is then one
// frame instead of four.
constexpr int kMaxFrameBytes = 64 << 10;

}  // namespace

std::shared_ptr<grpc::Channel> MakeSessionChannel(int fd) {
  UseShortHeaders();
  UseShortMessages();
  LimitSentDescriptors();
  RefuseSentDescriptors(fd);
  // gRPC requires it.
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxServiceMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxServiceMessageBytes);
  arguments.SetInt(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kStreamWindowBytes);
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, kMaxFrameBytes);
  RefuseCompression(arguments);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);
  return grpc::CreateCustomInsecureChannelFromFd("session", fd, arguments);
}

}  // namespace toolboxd
