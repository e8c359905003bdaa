// SPDX-License-Identifier: Apache-2.0

// toolboxd-statfs on threads of the test, with root's rights to files.

#ifndef TOOLBOXD_GUESTINFOD_TESTING_STATFS_SERVER_H_
#define TOOLBOXD_GUESTINFOD_TESTING_STATFS_SERVER_H_

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "statfs/serve.h"

namespace toolboxd::guestinfod {

class StatfsServer {
 public:
  StatfsServer() = default;
  StatfsServer(const StatfsServer&) = delete;
  StatfsServer& operator=(const StatfsServer&) = delete;
  // Waits for the connections, so clients must end before.
  ~StatfsServer() {
    shutdown(listener_.get(), SHUT_RDWR);
    if (accepting_.joinable()) accepting_.join();
    for (std::thread& thread : serving_) thread.join();
  }

  // Serves everybody on the path; `serve` has each connection.
  void Start(
      const std::string& path, std::function<void(int)> serve = [](int fd) { statfs::Serve(fd); }) {
    serve_ = std::move(serve);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) abort();
    std::memcpy(address.sun_path, path.data(), path.size());
    unlink(path.c_str());
    listener_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    if (bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
        listen(listener_.get(), 8) != 0 || chmod(path.c_str(), 0666) != 0) {
      abort();
    }
    accepting_ = std::thread([this] { Accept(); });
  }

  int connections() const { return connections_; }
  // Those whose client has left.
  int ended() const { return ended_; }

 private:
  void Accept() {
    for (;;) {
      const int fd = accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      ++connections_;
      serving_.emplace_back([this, fd] {
        const UniqueFd connection(fd);
        serve_(connection.get());
        ++ended_;
      });
    }
  }

  UniqueFd listener_;
  std::function<void(int)> serve_;
  std::thread accepting_;
  std::vector<std::thread> serving_;
  std::atomic<int> connections_ = 0;
  std::atomic<int> ended_ = 0;
};

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_TESTING_STATFS_SERVER_H_
