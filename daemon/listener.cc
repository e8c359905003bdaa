// SPDX-License-Identifier: Apache-2.0

#include "daemon/listener.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "daemon/sent_descriptors.h"

namespace toolboxd {
namespace {

// The address holds 108 bytes; the last one stays NUL.
absl::StatusOr<sockaddr_un> AddressOf(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path[0] != '/' || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(
        absl::StrCat("socket path '", path, "' is not an absolute path of at most 107 bytes"));
  }
  memcpy(address.sun_path, path.data(), path.size());
  return address;
}

absl::Status InUse(const std::string& path) {
  return MakeError(v1::ALREADY_EXISTS, absl::StrCat("another instance already serves ", path));
}

// Held as long as the instance lives; two that start together cannot both find a dead socket.
absl::StatusOr<UniqueFd> LockInstance(const std::string& path) {
  const std::string lock_path = absl::StrCat(path, ".lock");
  UniqueFd fd(open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd.ok()) return ErrnoError(errno, lock_path);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    return errno == EWOULDBLOCK ? InUse(path) : ErrnoError(errno, lock_path);
  }
  return fd;
}

absl::Status RemoveDeadSocket(const std::string& path, int type, const sockaddr_un& address) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? absl::OkStatus() : ErrnoError(errno, path);
  }
  if (!S_ISSOCK(info.st_mode)) {
    return MakeError(v1::ALREADY_EXISTS, absl::StrCat(path, " exists and is not a socket"));
  }
  UniqueFd probe(socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!probe.ok()) return ErrnoError(errno, "socket");
  // A full backlog (EAGAIN) is a live instance too.
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ||
      errno == EAGAIN) {
    return InUse(path);
  }
  if (errno != ECONNREFUSED) return ErrnoError(errno, path);
  return unlink(path.c_str()) == 0 ? absl::OkStatus() : ErrnoError(errno, path);
}

// Group first: with the final mode, members of the wrong group could connect for a moment.
absl::Status GiveAccess(const ListenerOptions& options) {
  if (!options.group.empty()) {
    std::vector<char> buffer(64 << 10);
    group entry;
    group* found = nullptr;
    getgrnam_r(options.group.c_str(), &entry, buffer.data(), buffer.size(), &found);
    if (found == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat("there is no group '", options.group, "'"));
    }
    if (lchown(options.path.c_str(), static_cast<uid_t>(-1), found->gr_gid) != 0) {
      return ErrnoError(errno, absl::StrCat(options.path, ": group ", options.group));
    }
  }
  return chmod(options.path.c_str(), options.mode) == 0 ? absl::OkStatus()
                                                        : ErrnoError(errno, options.path);
}

// -1 if it is not a socket.
int IntegerOption(int fd, int option) {
  int value = -1;
  socklen_t size = sizeof(value);
  return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

}  // namespace

absl::StatusOr<Listener> Listener::Inherit(int fd, int type) {
  UniqueFd owned(fd);
  if (IntegerOption(fd, SO_DOMAIN) != AF_UNIX || IntegerOption(fd, SO_TYPE) != type ||
      IntegerOption(fd, SO_ACCEPTCONN) != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("descriptor ", fd, " is not a listening Unix socket of type ", type));
  }
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) {
    return ErrnoError(errno, "O_NONBLOCK");
  }
  RefuseSentDescriptors(fd);
  return Listener(std::move(owned), UniqueFd(), "");
}

absl::StatusOr<Listener> Listener::Bind(const ListenerOptions& options) {
  absl::StatusOr<sockaddr_un> address = AddressOf(options.path);
  if (!address.ok()) return address.status();
  absl::StatusOr<UniqueFd> lock = LockInstance(options.path);
  if (!lock.ok()) return lock.status();
  absl::Status removed = RemoveDeadSocket(options.path, options.type, *address);
  if (!removed.ok()) return removed;

  UniqueFd fd(socket(AF_UNIX, options.type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.ok()) return ErrnoError(errno, "socket");
  RefuseSentDescriptors(fd.get());
  // bind takes the file's mode from the socket: no caller gets in before GiveAccess. The umask
  // is not touched, since all threads share it.
  fchmod(fd.get(), 0600);
  if (bind(fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) != 0) {
    return ErrnoError(errno, options.path);
  }
  Listener listener(std::move(fd), *std::move(lock), options.path);
  absl::Status access = GiveAccess(options);
  if (!access.ok()) return access;
  if (listen(listener.fd(), 64) != 0) return ErrnoError(errno, "listen");
  return listener;
}

Listener::~Listener() {
  // The lock is still held, so no other process can have bound the path meanwhile.
  if (fd_.ok() && !path_.empty()) unlink(path_.c_str());
}

}  // namespace toolboxd
