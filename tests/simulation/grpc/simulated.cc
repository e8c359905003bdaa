// SPDX-License-Identifier: Apache-2.0

#include "tests/simulation/grpc/grpcpp/simulated.h"

#include <algorithm>

namespace grpc {
namespace {

wire::Scheduler& Time() { return wire::Scheduler::Get(); }

// The steady time of a wall-clock time.
int64_t Steady(std::chrono::system_clock::time_point time) {
  if (time == std::chrono::system_clock::time_point::max()) return wire::kNever;
  const int64_t wall =
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
  return std::max<int64_t>(0, Time().now() + (wall - Time().wall()));
}

}  // namespace

const Status& Status::OK = *new Status();
const Status& Status::CANCELLED = *new Status(StatusCode::CANCELLED, "");

void ClientContext::set_deadline(std::chrono::system_clock::time_point time) {
  deadline_ = Steady(time);
}

std::shared_ptr<Channel> CreateCustomChannel(const std::string& target,
                                             const std::shared_ptr<ChannelCredentials>&,
                                             const ChannelArguments&) {
  return std::make_shared<Channel>(target.substr(target.find(':') + 1));
}

std::shared_ptr<Channel> CreateCustomInsecureChannelFromFd(const std::string&, int fd,
                                                           const ChannelArguments&) {
  return std::make_shared<Channel>(fd);
}

std::list<CompletionQueue::Step>::iterator CompletionQueue::FindReady() {
  return std::find_if(steps_.begin(), steps_.end(), [](const Step& step) { return step.ready(); });
}

CompletionQueue::NextStatus CompletionQueue::AsyncNext(
    void** tag, bool* ok, std::chrono::system_clock::time_point deadline) {
  return Take(tag, ok, Steady(deadline));
}

CompletionQueue::NextStatus CompletionQueue::Take(void** tag, bool* ok, int64_t deadline) {
  const auto some = [this] {
    return (shut_down_ && steps_.empty()) || FindReady() != steps_.end();
  };
  if (!Time().Wait(some, deadline)) return TIMEOUT;
  const auto found = FindReady();
  if (found == steps_.end()) return SHUTDOWN;
  const Step step = std::move(*found);
  steps_.erase(found);
  *tag = step.tag;
  *ok = step.finish();
  return GOT_EVENT;
}

namespace simulated {

bool TakeMessage(wire::Call& call, google::protobuf::MessageLite* message) {
  if (call.to_client.empty()) return false;
  const std::string bytes = std::move(call.to_client.front());
  call.to_client.pop_front();
  call.to_client_bytes -= bytes.size();
  return message->ParseFromString(bytes);
}

bool WaitForMessage(wire::Call& call, google::protobuf::MessageLite* message) {
  Time().Wait([&call] { return !call.to_client.empty() || call.ended; });
  return TakeMessage(call, message);
}

bool WaitForCapacity(wire::Call& call) {
  Time().Wait([&call] { return call.ended || call.in_flight_to_server <= wire::Call::kWindow; });
  return !call.ended;
}

Status WaitForEnd(wire::Call& call) {
  Time().Wait([&call] { return call.ended; });
  return Status(call.status);
}

Status RunUnary(Channel& channel, const char* method, ClientContext* context,
                const google::protobuf::MessageLite& request,
                google::protobuf::MessageLite* reply) {
  const std::shared_ptr<wire::Call> call = context->Begin(channel.link(), method);
  call->ClientSend(request.SerializeAsString());
  call->ClientWritesDone();
  Status status = WaitForEnd(*call);
  if (status.ok() && !TakeMessage(*call, reply)) {
    return Status(StatusCode::INTERNAL, "no message in the reply");
  }
  return status;
}

void AsyncCall::Start(void* tag) {
  queue_.Add({tag, [call = call_] { return call->started || call->ended; },
              [call = call_] { return call->started; }});
}

void AsyncCall::ReadInitialMetadata(void* tag) {
  queue_.Add(
      {tag, [call = call_] { return call->headers_received || call->ended; }, [] { return true; }});
}

void AsyncCall::Read(google::protobuf::MessageLite* message, void* tag) {
  queue_.Add({tag, [call = call_] { return !call->to_client.empty() || call->ended; },
              [call = call_, message] { return TakeMessage(*call, message); }});
}

void AsyncCall::Write(const google::protobuf::MessageLite& message, void* tag) {
  if (!call_->ended) call_->ClientSend(message.SerializeAsString());
  queue_.Add(
      {tag,
       [call = call_] { return call->ended || call->in_flight_to_server <= wire::Call::kWindow; },
       [call = call_] { return !call->ended; }});
}

void AsyncCall::Finish(google::protobuf::MessageLite* reply, Status* status, void* tag) {
  queue_.Add({tag, [call = call_] { return call->ended; },
              [call = call_, reply, status] {
                *status = Status(call->status);
                if (status->ok() && reply != nullptr) TakeMessage(*call, reply);
                return true;
              }});
}

}  // namespace simulated
}  // namespace grpc
