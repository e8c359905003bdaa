// SPDX-License-Identifier: Apache-2.0

// A listening Unix socket: inherited from systemd, or bound here.

#ifndef TOOLBOXD_DAEMON_LISTENER_H_
#define TOOLBOXD_DAEMON_LISTENER_H_

#include <sys/socket.h>
#include <sys/types.h>

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace toolboxd {

struct ListenerOptions {
  // Where to bind: an absolute path of at most 107 bytes.
  std::string path;
  // Permissions of the socket. The caller is checked again at accept.
  mode_t mode = 0660;
  // Group of the socket; empty: the process's own.
  std::string group;
  // SOCK_STREAM or SOCK_SEQPACKET.
  int type = SOCK_STREAM;
};

// A listening, non-blocking socket. Movable.
class Listener {
 public:
  // Takes over a socket of this type that is listening already. InvalidArgument if it is not.
  static absl::StatusOr<Listener> Inherit(int fd, int type = SOCK_STREAM);

  // Binds and listens. Takes over the path of an instance that has ended (a socket without a
  // listener), never that of a live one: ALREADY_EXISTS if a process listens on it or holds
  // PATH.lock. Never replaces a file that is not a socket.
  static absl::StatusOr<Listener> Bind(const ListenerOptions& options);

  Listener(Listener&& other) = default;
  Listener& operator=(Listener&& other) = default;
  // Removes the path if it was bound here.
  ~Listener();

  int fd() const { return fd_.get(); }
  bool inherited() const { return path_.empty(); }

 private:
  Listener(UniqueFd fd, UniqueFd lock, std::string path)
      : fd_(std::move(fd)), lock_(std::move(lock)), path_(std::move(path)) {}

  UniqueFd fd_;
  UniqueFd lock_;
  std::string path_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_LISTENER_H_
