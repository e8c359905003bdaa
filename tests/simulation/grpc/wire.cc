// SPDX-License-Identifier: Apache-2.0

#include "tests/simulation/grpc/wire.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace toolboxd::simulation {
namespace {

// Canonical codes.
constexpr int kCancelled = 1;
constexpr int kDeadlineExceeded = 4;
constexpr int kUnavailable = 14;

// The server's process is dead.
struct Killed {};

Scheduler& Time() { return Scheduler::Get(); }

// When a message that is sent now arrives, after those before it.
int64_t Arrival(int64_t& last) {
  last = std::max(last, Time().now() + Wire::Get().Latency());
  return last;
}

}  // namespace

void Call::ClientSend(std::string message) {
  in_flight_to_server += message.size();
  Time().At(Arrival(last_to_server), [self = shared_from_this(), message = std::move(message)] {
    self->to_server.push_back(message);
  });
}

void Call::ClientWritesDone() {
  Time().At(Arrival(last_to_server), [self = shared_from_this()] { self->writes_done = true; });
}

void Call::Cancel(int code, const std::string& why) {
  End({code, why, ""});
  // What has come and was not read is gone.
  to_client.clear();
  Time().At(Time().now() + Wire::Get().Latency(),
            [self = shared_from_this()] { self->cancelled = true; });
}

void Call::End(CallStatus end) {
  if (ended) return;
  ended = true;
  status = std::move(end);
}

void ServerCall::Check() const {
  if (!call_->server->alive()) throw Killed();
}

bool ServerCall::ReadWithin(google::protobuf::MessageLite* message, int64_t nanoseconds) {
  Process* server = call_->server.get();
  Call* call = call_.get();
  const auto ready = [call, server] {
    return !server->alive() || (!server->stopped() &&
                                (call->cancelled || !call->to_server.empty() || call->writes_done));
  };
  const bool some = Time().Wait(ready, nanoseconds == kNever ? kNever : Time().now() + nanoseconds);
  Check();
  if (!some || call->cancelled || call->to_server.empty()) return false;
  const std::string bytes = std::move(call->to_server.front());
  call->to_server.pop_front();
  call->in_flight_to_server -= bytes.size();
  message->Clear();
  return message->ParseFromString(bytes);
}

bool ServerCall::Read(google::protobuf::MessageLite* message) {
  return ReadWithin(message, kNever);
}

bool ServerCall::Write(const google::protobuf::MessageLite& message) {
  Check();
  Process* server = call_->server.get();
  Call* call = call_.get();
  Time().Wait([call, server] {
    return !server->alive() || call->ended || call->to_client_bytes <= Call::kWindow;
  });
  Check();
  if (ended()) return false;
  std::string bytes = message.SerializeAsString();
  call->to_client_bytes += bytes.size();
  Time().At(Arrival(call->last_to_client), [call = call_, bytes = std::move(bytes)] {
    if (!call->ended) call->to_client.push_back(bytes);
  });
  return true;
}

void ServerCall::SendHeader(const std::string& name, const std::string& value) {
  Check();
  Time().At(Arrival(call_->last_to_client), [call = call_, name, value] {
    if (call->ended) return;
    call->headers.emplace(name, value);
    call->headers_received = true;
  });
}

void ServerCall::Sleep(int64_t nanoseconds) {
  Process* server = call_->server.get();
  Time().Wait([server] { return !server->alive(); }, Time().now() + nanoseconds);
  Time().Wait([server] { return !server->alive() || !server->stopped(); });
  Check();
}

void ServerCall::Hang() {
  Await([] { return false; });
}

void ServerCall::Await(const std::function<bool()>& ready) {
  Process* server = call_->server.get();
  Call* call = call_.get();
  Time().Wait([server, call, &ready] {
    return !server->alive() || (!server->stopped() && (call->cancelled || ready()));
  });
  Check();
}

void Process::Serve(const std::shared_ptr<Call>& call) {
  calls_[call.get()] = call;
  Time().Spawn(Side::kWorld, [self = shared_from_this(), call] {
    ServerCall served(call);
    try {
      served.Sleep(Wire::Get().Latency());
      CallStatus status = self->handler_(served);
      if (self->alive_) {
        Time().At(Arrival(call->last_to_client),
                  [call, status = std::move(status)] { call->End(status); });
      }
    } catch (const Killed&) {
    }
    self->calls_.erase(call.get());
  });
}

void Process::Kill() {
  if (!alive_) return;
  alive_ = false;
  for (const auto& entry : calls_) {
    Time().At(Arrival(entry.second->last_to_client), [call = entry.second] {
      call->End({kUnavailable, "Socket closed", ""});
    });
  }
  if (on_end) on_end();
}

Wire& Wire::Get() {
  static Wire& wire = *new Wire;
  return wire;
}

void Wire::Reset(uint64_t seed) {
  random_ = Random(seed);
  sockets_.clear();
  by_descriptor_ = nullptr;
  slow_ = 2 * kMillisecond;
}

std::shared_ptr<Process> Wire::At(const std::string& path) {
  const auto found = sockets_.find(path);
  return found == sockets_.end() ? nullptr : found->second();
}

Link::Link(std::string path) : path_(std::move(path)) { ++Wire::Get().channels; }

Link::Link(int fd) : fd_(fd) {
  ++Wire::Get().channels;
  Use(Wire::Get().Behind(fd));
}

Link::~Link() {
  --Wire::Get().channels;
  Use(nullptr);
  if (fd_ >= 0) close(fd_);
}

void Link::Use(std::shared_ptr<Process> process) {
  if (process_ != nullptr) --process_->connections;
  process_ = std::move(process);
  if (process_ != nullptr) ++process_->connections;
}

std::shared_ptr<Call> Link::Start(const std::string& method, int64_t deadline) {
  auto call = std::make_shared<Call>();
  call->method = method;
  call->deadline = deadline;
  if (fd_ < 0 && (process_ == nullptr || !process_->alive())) Use(Wire::Get().At(path_));
  call->server = process_;
  if (process_ != nullptr && process_->alive()) {
    call->started = true;
    process_->Serve(call);
  } else {
    Time().At(Time().now() + Wire::Get().Latency(), [call] {
      call->End({kUnavailable,
                 "failed to connect to all addresses; last error: UNKNOWN: unix:/run/service: "
                 "Connection refused",
                 ""});
    });
  }
  if (deadline != kNever) {
    Time().At(deadline, [weak = std::weak_ptr<Call>(call)] {
      const std::shared_ptr<Call> late = weak.lock();
      if (late != nullptr && !late->ended) late->Cancel(kDeadlineExceeded, "Deadline Exceeded");
    });
  }
  return call;
}

}  // namespace toolboxd::simulation
