// SPDX-License-Identifier: Apache-2.0

#include "daemon/testing/server_fixture.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "absl/status/statusor.h"
#include "daemon/channel.h"
#include "daemon/quiet_engine.h"
#include "daemon/testing/frame_encoder.h"

namespace toolboxd {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

grpc::Status AnsweringPower::ChangeState(
    grpc::ServerContext*,
    grpc::ServerReaderWriter<v1::ChangeStateUpdate, v1::ChangeStateRequest>* stream) {
  v1::ChangeStateRequest request;
  v1::ChangeStateUpdate update;
  update.mutable_started();
  while (stream->Read(&request)) stream->Write(update);
  return grpc::Status::OK;
}

grpc::Status CheckHealth(const std::shared_ptr<grpc::Channel>& channel, const std::string& service,
                         HealthCheckResponse* response) {
  HealthCheckRequest request;
  HealthCheckResponse ignored;
  request.set_service(service);
  grpc::ClientContext context;
  SetTimeout(kPatience, &context);
  return Health::NewStub(channel)->Check(&context, request,
                                         response != nullptr ? response : &ignored);
}

void ServerTest::SetUpTestSuite() { InstallQuietEngine(); }

ServerTest::ServerTest() {
  options_.listener.path = path_;
  options_.services = {{v1::Power::service_full_name(), &power_}};
  options_.handle_signals = false;
  options_.allowed.AllowUser(getuid());
}

void ServerTest::StartServer() {
  absl::StatusOr<std::unique_ptr<Server>> server = Server::Create(options_);
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  run_ = std::async(std::launch::async, [this] { return server_->Run(); });
}

void ServerTest::StopServer() {
  if (!run_.valid()) return;
  server_->Stop();
  EXPECT_TRUE(run_.get().ok());
  server_.reset();
}

UniqueFd ServerTest::RawConnect() {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
  UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) fd.reset();
  return fd;
}

bool ServerTest::Send(const UniqueFd& connection, const std::string& bytes) {
  return send(connection.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(bytes.size());
}

bool ServerTest::SeesEnd(const UniqueFd& connection) {
  char buffer[4096];
  pollfd end{connection.get(), POLLIN, 0};
  for (;;) {
    if (poll(&end, 1, static_cast<int>(absl::ToInt64Milliseconds(kPatience))) != 1) return false;
    if (read(connection.get(), buffer, sizeof(buffer)) <= 0) return true;
  }
}

std::string ServerTest::Settings() {
  UniqueFd connection = RawConnect();
  // The server's SETTINGS frame comes only after the client's preface.
  EXPECT_TRUE(Send(connection, Opening()));
  uint8_t frame[9] = {};
  EXPECT_EQ(recv(connection.get(), frame, sizeof(frame), MSG_WAITALL), 9);
  EXPECT_EQ(frame[3], kSettings);
  std::string settings(frame[1] << 8 | frame[2], '\0');
  EXPECT_EQ(recv(connection.get(), settings.data(), settings.size(), MSG_WAITALL),
            static_cast<ssize_t>(settings.size()));
  return settings;
}

}  // namespace toolboxd
