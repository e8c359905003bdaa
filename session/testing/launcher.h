// SPDX-License-Identifier: Apache-2.0

// Plays the socket unit: starts session on one end of a connection.

#ifndef TOOLBOXD_SESSION_TESTING_LAUNCHER_H_
#define TOOLBOXD_SESSION_TESTING_LAUNCHER_H_

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "session/handshake.h"

namespace toolboxd::session {

struct LaunchOptions {
  // Path of the program session, then its arguments.
  std::vector<std::string> command;
  // Who SO_PEERCRED reports.
  uid_t peer = 0;
  // Who session runs as.
  uid_t user = 0;
  // Not empty: a process of its own makes the connection, as `peer`, after this returned true in
  // it.
  std::function<bool()> confine;
  // Whether that process ends before session starts.
  bool peer_ends = false;
};

// A running session and the client's end of its connection. Ends it when destroyed.
class Launched {
 public:
  explicit Launched(const LaunchOptions& options);
  Launched(const Launched&) = delete;
  Launched& operator=(const Launched&) = delete;
  ~Launched();

  int client() const { return client_.get(); }
  // session itself, until Wait() has returned.
  pid_t pid() const { return pid_; }

  void Send(std::string_view bytes);
  // The reply, or nothing where the connection ends without one.
  std::optional<Reply> ReadReply();
  // Everything up to a line "end".
  std::string ReadReport();
  bool IsClosed();

  std::optional<Reply> Ask(const Request& request) {
    Send(EncodeRequest(request));
    return ReadReply();
  }
  void Hang() { client_.reset(); }
  // The wait status of session, which must end within ten seconds.
  int Wait();

 private:
  // Makes the connection in another process, which shares this one's descriptors.
  void ConnectConfined(const LaunchOptions& options, int (&ends)[2]);

  UniqueFd client_;
  pid_t pid_ = -1;
  pid_t peer_pid_ = -1;
  bool greeted_ = false;
};

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_TESTING_LAUNCHER_H_
