// SPDX-License-Identifier: Apache-2.0

// Calls between the product and simulated services: what the simulated gRPC carries them over.

#ifndef TOOLBOXD_TESTS_SIMULATION_GRPC_WIRE_H_
#define TOOLBOXD_TESTS_SIMULATION_GRPC_WIRE_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/message_lite.h"
#include "tests/simulation/grpc/scheduler.h"

namespace toolboxd::simulation {

// As grpc::Status; codes are the canonical ones.
struct CallStatus {
  int code = 0;
  std::string message;
  std::string details;
};

class Process;

// One call. Both sides see what the other has done after the wire's latency.
struct Call : std::enable_shared_from_this<Call> {
  // Bytes that one side may send ahead of the other's reading.
  static constexpr size_t kWindow = 64 << 10;

  std::string method;
  std::shared_ptr<Process> server;
  int64_t deadline = kNever;

  // --- the client's side
  bool started = false;
  std::deque<std::string> to_client;
  size_t to_client_bytes = 0;
  std::multimap<std::string, std::string> headers;
  bool headers_received = false;
  bool ended = false;
  CallStatus status;

  // --- the server's side
  std::deque<std::string> to_server;
  size_t in_flight_to_server = 0;
  bool writes_done = false;
  bool cancelled = false;

  // When the last message in each direction arrives: they keep their order.
  int64_t last_to_client = 0;
  int64_t last_to_server = 0;

  void ClientSend(std::string message);
  void ClientWritesDone();
  // The client has no more interest in the call.
  void Cancel(int code, const std::string& why);
  void End(CallStatus status);
};

// A call as its server sees it. Functions that wait end the fiber (by an exception) if the server's
// process dies.
class ServerCall {
 public:
  explicit ServerCall(std::shared_ptr<Call> call) : call_(std::move(call)) {}
  const std::string& method() const { return call_->method; }
  // False at the end of what the client sends, and if the call is cancelled.
  bool Read(google::protobuf::MessageLite* message);
  // The same, but no longer than this; false then, too.
  bool ReadWithin(google::protobuf::MessageLite* message, int64_t nanoseconds);
  // False if the call is over.
  bool Write(const google::protobuf::MessageLite& message);
  void SendHeader(const std::string& name, const std::string& value);
  bool cancelled() const { return call_->cancelled; }
  bool ended() const { return call_->cancelled || call_->ended; }
  void Sleep(int64_t nanoseconds);
  // Until the call is cancelled or its connection ends.
  void Hang();
  // The same, or until this is true.
  void Await(const std::function<bool()>& ready);

 private:
  void Check() const;
  const std::shared_ptr<Call> call_;
};

using Handler = std::function<CallStatus(ServerCall& call)>;

// A simulated process that serves calls.
class Process : public std::enable_shared_from_this<Process> {
 public:
  Process(std::string name, Handler handler)
      : name_(std::move(name)), handler_(std::move(handler)) {}

  const std::string& name() const { return name_; }
  bool alive() const { return alive_; }
  // Does not run until Continue(): SIGSTOP.
  void Stop() { stopped_ = true; }
  void Continue() { stopped_ = false; }
  bool stopped() const { return stopped_; }
  // Ends at once; its calls fail for their clients.
  void Kill();

  void Serve(const std::shared_ptr<Call>& call);
  // Channels that are connected.
  int connections = 0;
  // Calls that the process has not answered.
  size_t open_calls() const { return calls_.size(); }
  // Called when it is dead.
  std::function<void()> on_end;

 private:
  const std::string name_;
  const Handler handler_;
  std::map<Call*, std::shared_ptr<Call>> calls_;
  bool alive_ = true;
  bool stopped_ = false;
};

// The sockets of the machine, and how long messages take.
class Wire {
 public:
  static Wire& Get();
  void Reset(uint64_t seed);

  // A message's way, drawn for each.
  int64_t Latency() {
    return random_.OneIn(50) ? random_.Between(1, slow_) : random_.Between(20000, 120000);
  }
  // The longest that a message takes now and then.
  void set_slow(int64_t nanoseconds) { slow_ = nanoseconds; }

  // What answers at a socket: null while nothing listens there.
  using Find = std::function<std::shared_ptr<Process>()>;
  void Listen(const std::string& path, Find find) { sockets_[path] = std::move(find); }
  // The process at the other end of a connected descriptor.
  using FindByDescriptor = std::function<std::shared_ptr<Process>(int fd)>;
  void set_find_by_descriptor(FindByDescriptor find) { by_descriptor_ = std::move(find); }
  std::shared_ptr<Process> At(const std::string& path);
  std::shared_ptr<Process> Behind(int fd) { return by_descriptor_(fd); }

  // Live objects of the product's side.
  int channels = 0;
  int contexts = 0;
  int queues = 0;

 private:
  Random random_{0};
  int64_t slow_ = 2 * kMillisecond;
  std::map<std::string, Find> sockets_;
  FindByDescriptor by_descriptor_;
};

// The client's end of a connection, which the product holds as grpc::Channel.
class Link {
 public:
  // To a socket; connects with the first call, and again if the process has ended.
  explicit Link(std::string path);
  // Over a connected descriptor, which it owns.
  explicit Link(int fd);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  std::shared_ptr<Call> Start(const std::string& method, int64_t deadline);

 private:
  void Use(std::shared_ptr<Process> process);
  const std::string path_;
  const int fd_ = -1;
  std::shared_ptr<Process> process_;
};

}  // namespace toolboxd::simulation

#endif  // TOOLBOXD_TESTS_SIMULATION_GRPC_WIRE_H_
