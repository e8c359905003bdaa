// SPDX-License-Identifier: Apache-2.0

// A daemon's server with a socket of its own, and callers with and without gRPC, for tests.

#ifndef TOOLBOXD_DAEMON_TESTING_SERVER_FIXTURE_H_
#define TOOLBOXD_DAEMON_TESTING_SERVER_FIXTURE_H_

#include <future>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/testing/short_temp_dir.h"
#include "base/unique_fd.h"
#include "daemon/server.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "grpcpp/channel.h"
#include "gtest/gtest.h"
#include "toolboxd/v1/power.grpc.pb.h"

namespace toolboxd {

// Long enough for anything on a busy machine; nothing waits for it unless it fails.
constexpr absl::Duration kPatience = absl::Seconds(20);

// Answers each message with one; the server is tested, not the service.
class AnsweringPower final : public v1::Power::Service {
 public:
  grpc::Status ChangeState(
      grpc::ServerContext* context,
      grpc::ServerReaderWriter<v1::ChangeStateUpdate, v1::ChangeStateRequest>* stream) override;
};

// A call of grpc.health.v1's Check.
grpc::Status CheckHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service,
                         grpc::health::v1::HealthCheckResponse* response = nullptr);

// A test changes options_ and starts the server, which runs on a thread of its own.
class ServerTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite();

  // Serves AnsweringPower for this process's user and leaves signals to the test.
  ServerTest();
  ~ServerTest() override { StopServer(); }

  void StartServer();
  // Returns when it has ended; another one may start.
  void StopServer();

  // A connection without gRPC; none if the server does not listen.
  UniqueFd RawConnect();
  // Whether the kernel takes all of it.
  static bool Send(const UniqueFd& connection, const std::string& bytes);
  // Whether the server ends the connection.
  static bool SeesEnd(const UniqueFd& connection);
  // What the server says of itself to a new connection: for each of HTTP/2's settings two bytes of
  // identifier and four of value.
  std::string Settings();

  ShortTempDir dir_;
  const std::string path_ = dir_.File("socket");
  AnsweringPower power_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
  // The server's Run().
  std::future<absl::Status> run_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_TESTING_SERVER_FIXTURE_H_
