// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/control_server.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "vmxsim/control_frame.h"

namespace toolboxd::vmxsim {

absl::Status ControlServer::Start(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("control path is too long: ", path));
  }
  memcpy(address.sun_path, path.c_str(), path.size());
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool served = connect(probe, generic, sizeof(address)) == 0;
  close(probe);
  if (served) return absl::AlreadyExistsError(absl::StrCat("another vmxsim listens at ", path));
  unlink(path.c_str());
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, generic, sizeof(address)) != 0 || chmod(path.c_str(), 0600) != 0 ||
      listen(listener, 16) != 0) {
    close(listener);
    return ErrnoError(errno, absl::StrCat("control socket ", path));
  }
  listener_ = listener;
  path_ = path;
  accepter_ = std::thread([this] { Accept(); });
  return absl::OkStatus();
}

void ControlServer::Stop() {
  if (listener_ < 0) return;
  unlink(path_.c_str());
  shutdown(listener_, SHUT_RDWR);  // ends accept()
  accepter_.join();
  close(listener_);
  listener_ = -1;
  {
    absl::MutexLock lock(&mutex_);
    for (Connection& connection : connections_) {
      if (!connection.done) shutdown(connection.fd, SHUT_RDWR);
    }
  }
  // No new ones can come: the list is this thread's alone.
  for (Connection& connection : connections_) connection.thread.join();
  connections_.clear();
}

void ControlServer::Accept() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0 && errno != EINTR && errno != ECONNABORTED) return;
    if (fd < 0) continue;
    absl::MutexLock lock(&mutex_);
    for (auto i = connections_.begin(); i != connections_.end();) {
      if (i->done) i->thread.join();
      i = i->done ? connections_.erase(i) : std::next(i);
    }
    Connection* connection = &connections_.emplace_back();
    connection->fd = fd;
    connection->thread = std::thread([this, connection] { Serve(connection); });
  }
}

void ControlServer::Serve(Connection* connection) {
  for (;;) {
    const absl::StatusOr<std::string> bytes = ReadFrame(connection->fd);
    if (!bytes.ok()) break;
    const absl::StatusOr<std::vector<std::string>> words = DecodeCall(*bytes);
    const absl::StatusOr<std::string> answer =
        words.ok() ? RunCommand(commands_, *words) : absl::StatusOr<std::string>(words.status());
    if (!WriteFrame(connection->fd, EncodeAnswer(answer)).ok()) break;
  }
  absl::MutexLock lock(&mutex_);
  close(connection->fd);
  connection->done = true;
}

}  // namespace toolboxd::vmxsim
