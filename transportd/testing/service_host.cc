// SPDX-License-Identifier: Apache-2.0

#include "transportd/testing/service_host.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

#include "grpcpp/server_builder.h"
#include "grpcpp/server_posix.h"
#include "transportd/sessions/session_channel.h"

namespace toolboxd::testing {

ServiceHost::ServiceHost(const std::vector<grpc::Service*>& services) {
  grpc::ServerBuilder builder;
  for (grpc::Service* service : services) builder.RegisterService(service);
  // How long a thread of the server waits for work before it looks whether to end.
  builder.SetSyncServerOption(grpc::ServerBuilder::SyncServerOption::CQ_TIMEOUT_MSEC, 200);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) std::abort();
}

ServiceHost::~ServiceHost() {
  Kill();
  for (const int fd : ends_) close(fd);
  server_->Shutdown(std::chrono::system_clock::now());
}

int ServiceHost::Connect() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) std::abort();
  Serve(ends[1]);
  return ends[0];
}

void ServiceHost::Serve(int fd) {
  ends_.push_back(dup(fd));
  grpc::AddInsecureChannelFromFd(server_.get(), fd);
}

std::shared_ptr<grpc::Channel> ServiceHost::Channel() { return MakeSessionChannel(Connect()); }

void ServiceHost::Kill() {
  for (const int fd : ends_) shutdown(fd, SHUT_RDWR);
}

}  // namespace toolboxd::testing
