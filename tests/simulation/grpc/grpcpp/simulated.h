// SPDX-License-Identifier: Apache-2.0

// The client's side of gRPC's C++ interface, as far as transportd uses it, over the simulated wire.
//
// Names and contracts are gRPC's; only where the product could notice a difference is one written
// down. The headers beside this one have the names that the product includes.

#ifndef TOOLBOXD_TESTS_SIMULATION_GRPC_GRPCPP_SIMULATED_H_
#define TOOLBOXD_TESTS_SIMULATION_GRPC_GRPCPP_SIMULATED_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "google/protobuf/message_lite.h"
#include "tests/simulation/grpc/wire.h"

namespace grpc {

namespace wire = ::toolboxd::simulation;

enum StatusCode {
  OK = 0,
  CANCELLED = 1,
  UNKNOWN = 2,
  INVALID_ARGUMENT = 3,
  DEADLINE_EXCEEDED = 4,
  NOT_FOUND = 5,
  ALREADY_EXISTS = 6,
  PERMISSION_DENIED = 7,
  RESOURCE_EXHAUSTED = 8,
  FAILED_PRECONDITION = 9,
  ABORTED = 10,
  OUT_OF_RANGE = 11,
  UNIMPLEMENTED = 12,
  INTERNAL = 13,
  UNAVAILABLE = 14,
  DATA_LOSS = 15,
  UNAUTHENTICATED = 16,
};

class Status {
 public:
  Status() = default;
  Status(StatusCode code, std::string message, std::string details = "")
      : code_(code), message_(std::move(message)), details_(std::move(details)) {}
  explicit Status(const wire::CallStatus& status)
      : code_(static_cast<StatusCode>(status.code)),
        message_(status.message),
        details_(status.details) {}

  static const Status& OK;
  static const Status& CANCELLED;

  StatusCode error_code() const { return code_; }
  std::string error_message() const { return message_; }
  std::string error_details() const { return details_; }
  bool ok() const { return code_ == StatusCode::OK; }

 private:
  StatusCode code_ = StatusCode::OK;
  std::string message_;
  std::string details_;
};

class WriteOptions {};

class ClientContext {
 public:
  ClientContext() { ++wire::Wire::Get().contexts; }
  ~ClientContext() {
    --wire::Wire::Get().contexts;
    if (call_ != nullptr && !call_->ended) call_->Cancel(CANCELLED, "CANCELLED");
  }
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  // `time` is one of the wall clock; from now on the steady clock counts, as gRPC's does from the
  // call's start.
  void set_deadline(std::chrono::system_clock::time_point time);
  void TryCancel() {
    cancelled_ = true;
    if (call_ != nullptr) call_->Cancel(CANCELLED, "CANCELLED");
  }
  const std::multimap<std::string, std::string>& GetServerInitialMetadata() const {
    return call_->headers;
  }

  // --- for the simulated streams
  std::shared_ptr<wire::Call> Begin(wire::Link& link, const char* method) {
    call_ = link.Start(method, deadline_);
    if (cancelled_) call_->Cancel(CANCELLED, "CANCELLED");
    return call_;
  }

 private:
  std::shared_ptr<wire::Call> call_;
  int64_t deadline_ = wire::kNever;
  bool cancelled_ = false;
};

class ChannelArguments {
 public:
  void SetInt(const std::string&, int) {}
  void SetMaxReceiveMessageSize(int) {}
  void SetMaxSendMessageSize(int) {}
};

class ChannelCredentials {};
inline std::shared_ptr<ChannelCredentials> InsecureChannelCredentials() { return nullptr; }

class Channel {
 public:
  explicit Channel(std::string path) : link_(std::move(path)) {}
  explicit Channel(int fd) : link_(fd) {}
  wire::Link& link() { return link_; }

 private:
  wire::Link link_;
};

std::shared_ptr<Channel> CreateCustomChannel(const std::string& target,
                                             const std::shared_ptr<ChannelCredentials>& credentials,
                                             const ChannelArguments& arguments);
std::shared_ptr<Channel> CreateCustomInsecureChannelFromFd(const std::string& target, int fd,
                                                           const ChannelArguments& arguments);

class CompletionQueue {
 public:
  enum NextStatus { SHUTDOWN, GOT_EVENT, TIMEOUT };
  CompletionQueue() { ++wire::Wire::Get().queues; }
  ~CompletionQueue() { --wire::Wire::Get().queues; }
  CompletionQueue(const CompletionQueue&) = delete;
  CompletionQueue& operator=(const CompletionQueue&) = delete;

  // Waits for a step that is over.
  bool Next(void** tag, bool* ok) { return Take(tag, ok, wire::kNever) == GOT_EVENT; }
  NextStatus AsyncNext(void** tag, bool* ok, std::chrono::system_clock::time_point deadline);
  void Shutdown() { shut_down_ = true; }

  // --- for the simulated streams
  struct Step {
    void* tag;
    // Whether it is over.
    std::function<bool()> ready;
    // Takes its result; whether it succeeded.
    std::function<bool()> finish;
  };
  void Add(Step step) { steps_.push_back(std::move(step)); }

 private:
  NextStatus Take(void** tag, bool* ok, int64_t deadline);
  std::list<Step>::iterator FindReady();
  std::list<Step> steps_;
  bool shut_down_ = false;
};

namespace simulated {

// Takes the next message, if there is one.
bool TakeMessage(wire::Call& call, google::protobuf::MessageLite* message);
bool WaitForMessage(wire::Call& call, google::protobuf::MessageLite* message);
bool WaitForCapacity(wire::Call& call);
Status WaitForEnd(wire::Call& call);
Status RunUnary(Channel& channel, const char* method, ClientContext* context,
                const google::protobuf::MessageLite& request, google::protobuf::MessageLite* reply);

// The steps that the asynchronous streams have in common.
class AsyncCall {
 public:
  AsyncCall(std::shared_ptr<wire::Call> call, CompletionQueue* queue)
      : call_(std::move(call)), queue_(*queue) {}
  void Start(void* tag);
  void ReadInitialMetadata(void* tag);
  void Read(google::protobuf::MessageLite* message, void* tag);
  void Write(const google::protobuf::MessageLite& message, void* tag);
  void Finish(google::protobuf::MessageLite* reply, Status* status, void* tag);
  wire::Call& call() { return *call_; }

 private:
  const std::shared_ptr<wire::Call> call_;
  CompletionQueue& queue_;
};

}  // namespace simulated

template <typename R>
class ClientReader {
 public:
  explicit ClientReader(std::shared_ptr<wire::Call> call) : call_(std::move(call)) {}
  bool Read(R* message) { return simulated::WaitForMessage(*call_, message); }
  Status Finish() { return simulated::WaitForEnd(*call_); }

 private:
  const std::shared_ptr<wire::Call> call_;
};

template <typename W, typename R>
class ClientReaderWriter {
 public:
  explicit ClientReaderWriter(std::shared_ptr<wire::Call> call) : call_(std::move(call)) {}
  bool Read(R* message) { return simulated::WaitForMessage(*call_, message); }
  bool Write(const W& message) {
    if (!simulated::WaitForCapacity(*call_)) return false;
    call_->ClientSend(message.SerializeAsString());
    return true;
  }
  bool WritesDone() {
    call_->ClientWritesDone();
    return !call_->ended;
  }
  Status Finish() { return simulated::WaitForEnd(*call_); }

 private:
  const std::shared_ptr<wire::Call> call_;
};

template <typename R>
class ClientAsyncReader {
 public:
  ClientAsyncReader(std::shared_ptr<wire::Call> call, CompletionQueue* queue, void* tag)
      : call_(std::move(call), queue) {
    call_.Start(tag);
  }
  void Read(R* message, void* tag) { call_.Read(message, tag); }
  void Finish(Status* status, void* tag) { call_.Finish(nullptr, status, tag); }

 private:
  simulated::AsyncCall call_;
};

template <typename W>
class ClientAsyncWriter {
 public:
  ClientAsyncWriter(std::shared_ptr<wire::Call> call, google::protobuf::MessageLite* reply,
                    CompletionQueue* queue, void* tag)
      : call_(std::move(call), queue), reply_(reply) {
    call_.Start(tag);
  }
  void Write(const W& message, void* tag) { call_.Write(message, tag); }
  void WriteLast(const W& message, WriteOptions, void* tag) {
    call_.Write(message, tag);
    call_.call().ClientWritesDone();
  }
  void ReadInitialMetadata(void* tag) { call_.ReadInitialMetadata(tag); }
  void Finish(Status* status, void* tag) { call_.Finish(reply_, status, tag); }

 private:
  simulated::AsyncCall call_;
  google::protobuf::MessageLite* const reply_;
};

template <typename W, typename R>
class ClientAsyncReaderWriter {
 public:
  ClientAsyncReaderWriter(std::shared_ptr<wire::Call> call, CompletionQueue* queue)
      : call_(std::move(call), queue) {}
  void StartCall(void* tag) { call_.Start(tag); }
  void Read(R* message, void* tag) { call_.Read(message, tag); }
  void Write(const W& message, void* tag) { call_.Write(message, tag); }
  void Finish(Status* status, void* tag) { call_.Finish(nullptr, status, tag); }

 private:
  simulated::AsyncCall call_;
};

}  // namespace grpc

// Names of arguments, which the wire has none of.
#define GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS ""
#define GRPC_ARG_MAX_RECONNECT_BACKOFF_MS ""
#define GRPC_ARG_MIN_RECONNECT_BACKOFF_MS ""
#define GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL ""
#define GRPC_ARG_ENABLE_RETRIES ""
#define GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION ""
#define GRPC_ARG_ENABLE_CHANNELZ ""
#define GRPC_ARG_HTTP2_BDP_PROBE ""
#define GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES ""
#define GRPC_ARG_HTTP2_MAX_FRAME_SIZE ""
#define GRPC_ARG_ENABLE_HTTP_PROXY ""
#define GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION ""
#define GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET ""
#define GRPC_COMPRESS_NONE 0

#endif  // TOOLBOXD_TESTS_SIMULATION_GRPC_GRPCPP_SIMULATED_H_
