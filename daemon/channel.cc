// SPDX-License-Identifier: Apache-2.0

#include "daemon/channel.h"

#include "absl/strings/str_cat.h"
#include "base/shared_deadline.h"
#include "daemon/header_frames.h"
#include "daemon/message_length.h"
#include "daemon/sent_descriptors.h"
#include "daemon/uncompressed.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace toolboxd {
namespace {

constexpr int kMaxMessageBytes = 4 << 20;

}  // namespace

std::shared_ptr<grpc::Channel> ConnectUnix(const std::string& path) {
  UseShortHeaders();
  UseShortMessages();
  LimitSentDescriptors();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  // Despite its name this is how long one attempt may take: a daemon that starts on demand answers
  // only when systemd has started it.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);
  // A stream holds at most 64 KiB that its reader has not asked for, however fast the connection
  // is.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  RefuseCompression(arguments);
  // Proxy settings of the environment do not apply to a Unix socket.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetMaxSendMessageSize(kMaxMessageBytes);
  return grpc::CreateCustomChannel(absl::StrCat("unix:", path), grpc::InsecureChannelCredentials(),
                                   arguments);
}

void SetTimeout(absl::Duration timeout, grpc::ClientContext* context) {
  if (timeout == absl::InfiniteDuration()) return;
  context->set_deadline(absl::ToChronoTime(ToWallClock(SharedDeadline::For(timeout))));
}

}  // namespace toolboxd
