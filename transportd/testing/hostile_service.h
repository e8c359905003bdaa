// SPDX-License-Identifier: Apache-2.0

// HostileService: an hgfsd, vixd or extension that misbehaves.

#ifndef TOOLBOXD_TRANSPORTD_TESTING_HOSTILE_SERVICE_H_
#define TOOLBOXD_TRANSPORTD_TESTING_HOSTILE_SERVICE_H_

#include <atomic>
#include <memory>
#include <vector>

#include "grpcpp/impl/codegen/service_type.h"

namespace toolboxd::testing {

// What it does in place of what it was asked for.
enum class Trick {
  // Content: messages without any, and of one byte; as fast as they are taken, or two every 50 ms.
  kEmptyChunks,
  kByteAtATime,
  kTrickleOfNothing,
  kTrickleOfBytes,
  // The wrong order: attributes amid the content, content without attributes.
  kAttributesAmidContent,
  kContentFirst,
  // Content: more at a time than was asked for.
  kLargeChunk,
  // Replies: as many entries as a message of 120 KiB can have, and a message of 4 MiB.
  kManyEntries,
  kLargeReply,
  // Nothing until the call is cancelled; after that an answer.
  kSilence,
  kAnswerAfterCancel,
  // Success without an answer.
  kNothing,
};

inline constexpr Trick kTricks[] = {
    Trick::kEmptyChunks,    Trick::kByteAtATime,           Trick::kTrickleOfNothing,
    Trick::kTrickleOfBytes, Trick::kAttributesAmidContent, Trick::kContentFirst,
    Trick::kLargeChunk,     Trick::kManyEntries,           Trick::kLargeReply,
    Trick::kSilence,        Trick::kAnswerAfterCancel,     Trick::kNothing,
};

// Thread-safe.
class HostileService {
 public:
  explicit HostileService(Trick trick);
  ~HostileService();

  // FileHandler, Files, Processes, Function and RpcHandler.
  std::vector<grpc::Service*> services();

  std::atomic<Trick> trick;
  // Messages that gRPC has taken from its streams.
  std::atomic<int> sent{0};

 private:
  class Handler;
  class Files;
  class Processes;
  class Function;
  class Rpc;

  std::unique_ptr<Handler> handler_;
  std::unique_ptr<Files> files_;
  std::unique_ptr<Processes> processes_;
  std::unique_ptr<Function> function_;
  std::unique_ptr<Rpc> rpc_;
};

}  // namespace toolboxd::testing

#endif  // TOOLBOXD_TRANSPORTD_TESTING_HOSTILE_SERVICE_H_
