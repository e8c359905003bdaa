// SPDX-License-Identifier: Apache-2.0

// Answers the control socket's calls: one thread accepts, one thread serves each connection.

#ifndef TOOLBOXD_VMXSIM_CONTROL_SERVER_H_
#define TOOLBOXD_VMXSIM_CONTROL_SERVER_H_

#include <sys/types.h>

#include <list>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "vmxsim/commands.h"

namespace toolboxd::vmxsim {

// The control socket, a thread for each connection. Start() and Stop() belong to one thread.
class ControlServer {
 public:
  explicit ControlServer(const Commands& commands) : commands_(commands) {}
  ~ControlServer() { Stop(); }

  // Listens at `path`, mode 0600. ALREADY_EXISTS where another vmxsim does; a left-over socket
  // that no process serves is replaced.
  absl::Status Start(const std::string& path);
  // Ends all connections and removes the socket.
  void Stop();

 private:
  struct Connection {
    int fd;
    bool done = false;
    std::thread thread;
  };

  void Accept();
  void Serve(Connection* connection);

  const Commands commands_;
  std::string path_;
  int listener_ = -1;
  std::thread accepter_;
  absl::Mutex mutex_;  // guards connections_
  std::list<Connection> connections_;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_CONTROL_SERVER_H_
