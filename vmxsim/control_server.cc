// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/control_server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "vmxsim/control_frame.h"

namespace toolboxd::vmxsim {

namespace {

// `path` fits.
sockaddr_un Address(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path.c_str(), path.size());
  return address;
}

bool Listens(const sockaddr_un& address) {
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(probe);
  return connected;
}

}  // namespace

absl::Status ControlServer::Start(const std::string& path) {
  // A client that waits for `path` to appear may connect at once: it gets its name when it listens.
  const std::string early = absl::StrCat(path, "~");
  if (early.size() >= sizeof(sockaddr_un::sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("control path is too long: ", path));
  }
  if (Listens(Address(path))) {
    return absl::AlreadyExistsError(absl::StrCat("another vmxsim listens at ", path));
  }
  unlink(early.c_str());
  const sockaddr_un address = Address(early);
  const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
      chmod(early.c_str(), 0600) != 0 || listen(listener, 16) != 0 ||
      rename(early.c_str(), path.c_str()) != 0) {
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
