// SPDX-License-Identifier: Apache-2.0

#include "daemon/server_builder.h"

#include <unistd.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "base/log.h"
#include "base/steady_condition.h"
#include "daemon/header_frames.h"
#include "daemon/message_length.h"
#include "daemon/uncompressed.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/resource_quota.h"

namespace toolboxd {
namespace {

// The longest HTTP/2 frame that is accepted: a packet of an upload is one frame instead of four.
constexpr int kMaxFrameBytes = 64 << 10;

constexpr absl::Duration kHungHandler = absl::Seconds(2);

// How often the waiting thread looks whether it is still needed; calls and the end wake it at once.
// gRPC's ten seconds would wake an idle process, and bring its code back into memory, as often.
constexpr absl::Duration kLookAgain = absl::Minutes(10);

// Ends the process unless it is destroyed in time.
class LastResort {
 public:
  explicit LastResort(absl::Duration delay)
      : thread_([this, delay] {
          std::unique_lock<std::mutex> lock(mutex_);
          const auto end = std::chrono::steady_clock::now() + absl::ToChronoMilliseconds(delay);
          while (!done_ && std::chrono::steady_clock::now() < end) {
            done_changed_.WaitUntil(lock, end);
          }
          if (done_) return;
          LogError("a call ignored its cancellation; the process ends with status 1");
          _exit(1);
        }) {}

  ~LastResort() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      done_ = true;
    }
    done_changed_.NotifyOne();
    thread_.join();
  }

 private:
  std::mutex mutex_;  // Guards done_.
  SteadyCondition done_changed_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace

void ConfigureBuilder(const ServerLimits& limits, const std::vector<NamedService>& services,
                      HealthService* health, grpc::ServerBuilder* builder) {
  UseShortHeaders();
  UseShortMessages();
  // Takes effect for builders made later; harmless to repeat.
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();

  for (const NamedService& named : services) {
    builder->RegisterService(named.service);
    health->SetServing(named.name, true);
  }
  builder->RegisterService(health);

  // One completion queue with one waiting thread: calls are few, and each waiting thread is
  // memory and wake-ups. A second one stays for a moment after a burst.
  grpc::ResourceQuota quota;
  quota.SetMaxThreads(limits.max_threads);
  builder->SetResourceQuota(quota);
  builder->SetMaxReceiveMessageSize(limits.max_request_bytes);
  builder->SetMaxSendMessageSize(limits.max_reply_bytes);
  builder->SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
  builder->SetSyncServerOption(grpc::ServerBuilder::MIN_POLLERS, 1);
  builder->SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
  builder->SetSyncServerOption(grpc::ServerBuilder::CQ_TIMEOUT_MSEC,
                               static_cast<int>(absl::ToInt64Milliseconds(kLookAgain)));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, limits.max_streams);
  builder->AddChannelArgument(
      GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
      static_cast<int>(absl::ToInt64Milliseconds(limits.handshake_timeout)));
  builder->AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 0);
  RefuseCompression(
      [builder](const char* name, int value) { builder->AddChannelArgument(name, value); });
  // As a rule eight packets of an upload. gRPC's 64 KiB let each one wait for the one before; what
  // it makes of them by itself has no bound.
  builder->AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, limits.max_unread_bytes);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MAX_FRAME_SIZE, kMaxFrameBytes);
}

// Health first: its Watch streams would otherwise last until the grace is over.
void ShutDownServer(absl::Duration grace, HealthService* health, grpc::Server* server) {
  LastResort last_resort(grace + kHungHandler);
  health->Shutdown();
  server->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace));
}

}  // namespace toolboxd
