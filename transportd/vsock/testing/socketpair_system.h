// SPDX-License-Identifier: Apache-2.0

// SocketpairSystem: vsock of socket pairs, with the host's end in the test's hands.

#ifndef TOOLBOXD_TRANSPORTD_VSOCK_TESTING_SOCKETPAIR_SYSTEM_H_
#define TOOLBOXD_TRANSPORTD_VSOCK_TESTING_SOCKETPAIR_SYSTEM_H_

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/unique_fd.h"
#include "transportd/vsock/linux_system.h"

namespace toolboxd::vsock {

// Real descriptors, and a clock that only Wait() advances: nothing sleeps. AF_VSOCK is not touched.
// Not thread-safe.
class SocketpairSystem final : public LinuxSystem {
 public:
  // --- How it behaves.
  // Results of the next calls, in order; 0 when there is none left.
  std::deque<int> socket_results;
  std::deque<int> bind_results;
  std::deque<int> connect_results;
  // The host does not decide on connects.
  bool undecided = false;
  // Called each time that the guest has to wait: the host's turn.
  std::function<void()> on_wait = [] {};
  // Called before each read of the guest's.
  std::function<void()> on_receive = [] {};

  // --- What it saw.
  std::vector<uint32_t> bound;
  std::vector<uint32_t> connected;
  int open_sockets() const { return static_cast<int>(host_ends_.size()); }
  // The clock.
  absl::Time now = absl::FromUnixSeconds(1000);

  // The ends of the newest socket.
  int host() const { return host_ends_.at(newest_).get(); }
  int guest() const { return newest_; }
  void HostLeaves() { host_ends_.at(newest_).reset(); }
  void HostSends(absl::string_view bytes) {
    (void)!send(host(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  }
  // All that the guest has sent.
  std::string HostReads() {
    std::string bytes(1 << 20, '\0');
    const ssize_t got = recv(host(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(got > 0 ? got : 0);
    return bytes;
  }

  int Socket() override {
    if (const int result = Next(socket_results); result < 0) return result;
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
      return -errno;
    newest_ = ends[0];
    host_ends_[newest_] = UniqueFd(ends[1]);
    return newest_;
  }
  int Bind(int, uint32_t port) override {
    bound.push_back(port);
    return Next(bind_results);
  }
  int Connect(int, uint32_t port) override {
    connected.push_back(port);
    return undecided ? -EINPROGRESS : Next(connect_results);
  }
  int ConnectResult(int fd) override {
    return undecided ? -EINPROGRESS : LinuxSystem::ConnectResult(fd);
  }
  bool Wait(int fd, short events, absl::Time deadline) override {
    for (int turn = 0; turn < 2; ++turn) {
      pollfd item = {fd, events, 0};
      if (!undecided && poll(&item, 1, 0) > 0) return true;
      if (turn == 0) on_wait();
    }
    now = std::max(now, deadline);
    return false;
  }
  ssize_t Receive(int fd, char* bytes, size_t size) override {
    on_receive();
    return LinuxSystem::Receive(fd, bytes, size);
  }
  void Close(int fd) override {
    host_ends_.erase(fd);
    LinuxSystem::Close(fd);
  }
  absl::Time Now() override { return now; }

 private:
  static int Next(std::deque<int>& results) {
    if (results.empty()) return 0;
    const int result = results.front();
    results.pop_front();
    return result;
  }

  int newest_ = -1;
  // By the guest's ends.
  std::map<int, UniqueFd> host_ends_;
};

}  // namespace toolboxd::vsock

#endif  // TOOLBOXD_TRANSPORTD_VSOCK_TESTING_SOCKETPAIR_SYSTEM_H_
