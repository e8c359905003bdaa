// SPDX-License-Identifier: Apache-2.0

// A daemon's server on a thread of its own, for tests.

#ifndef TOOLBOXD_DAEMON_TESTING_RUNNING_SERVER_H_
#define TOOLBOXD_DAEMON_TESTING_RUNNING_SERVER_H_

#include <unistd.h>

#include <future>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "daemon/quiet_engine.h"
#include "daemon/server.h"
#include "gtest/gtest.h"

namespace toolboxd {

// Serves this process's user from construction to Stop() or destruction. Leaves signals to the
// test. The services must outlive it; clients in the same process are better gone before it.
class RunningServer {
 public:
  explicit RunningServer(ServerOptions options) {
    InstallQuietEngine();
    options.handle_signals = false;
    options.allowed.AllowUser(getuid());
    server_ = *Server::Create(std::move(options));
    run_ = std::async(std::launch::async, [this] { return server_->Run(); });
  }
  ~RunningServer() { Stop(); }

  Server& server() { return *server_; }

  // Returns when it has ended.
  void Stop() {
    if (!run_.valid()) return;
    server_->Stop();
    EXPECT_TRUE(run_.get().ok());
  }

 private:
  std::unique_ptr<Server> server_;
  std::future<absl::Status> run_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_TESTING_RUNNING_SERVER_H_
