// SPDX-License-Identifier: Apache-2.0

#include "daemon/peer.h"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status.h"

namespace toolboxd {
namespace {

// Entries of the name service are small; a user with a longer one counts as unknown.
constexpr size_t kEntryBytes = 64 << 10;

absl::StatusOr<uid_t> UserNumber(const std::string& name) {
  uint32_t number = 0;
  if (absl::SimpleAtoi(name, &number)) return number;
  std::vector<char> buffer(kEntryBytes);
  passwd entry;
  passwd* found = nullptr;
  getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr)
    return absl::InvalidArgumentError(absl::StrCat("there is no user '", name, "'"));
  return found->pw_uid;
}

absl::StatusOr<gid_t> GroupNumber(const std::string& name) {
  uint32_t number = 0;
  if (absl::SimpleAtoi(name, &number)) return number;
  std::vector<char> buffer(kEntryBytes);
  group entry;
  group* found = nullptr;
  getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr)
    return absl::InvalidArgumentError(absl::StrCat("there is no group '", name, "'"));
  return found->gr_gid;
}

absl::StatusOr<std::vector<gid_t>> PeerGroups(int fd) {
  // The kernel allows 65,536 groups; ERANGE comes with the size that it needs.
  std::vector<gid_t> groups(64);
  for (;;) {
    socklen_t size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
      groups.resize(size / sizeof(gid_t));
      return groups;
    }
    if (errno == ENODATA) return std::vector<gid_t>();
    if (errno != ERANGE || size / sizeof(gid_t) <= groups.size() || size > (1 << 20)) {
      return ErrnoError(errno, "SO_PEERGROUPS");
    }
    groups.resize(size / sizeof(gid_t));
  }
}

}  // namespace

std::string Peer::ToString() const { return absl::StrCat("uid ", uid, ", pid ", pid); }

absl::StatusOr<Peer> PeerOf(int fd) {
  ucred credentials = {};
  socklen_t size = sizeof(credentials);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
    return ErrnoError(errno, "SO_PEERCRED");
  }
  // Sockets that are not AF_UNIX answer with -1.
  if (size != sizeof(credentials) || credentials.uid == static_cast<uid_t>(-1)) {
    return absl::FailedPreconditionError("the socket does not know its peer");
  }
  absl::StatusOr<std::vector<gid_t>> groups = PeerGroups(fd);
  if (!groups.ok()) return groups.status();
  return Peer{credentials.pid, credentials.uid, credentials.gid, *std::move(groups)};
}

absl::StatusOr<AllowedCallers> AllowedCallers::Parse(absl::string_view list) {
  AllowedCallers callers;
  if (list.empty()) return callers;
  for (absl::string_view entry : absl::StrSplit(list, ',')) {
    const bool is_group = absl::ConsumePrefix(&entry, "@");
    if (entry.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("empty entry in '", list, "'"));
    }
    if (is_group) {
      absl::StatusOr<gid_t> gid = GroupNumber(std::string(entry));
      if (!gid.ok()) return gid.status();
      callers.AllowGroup(*gid);
    } else {
      absl::StatusOr<uid_t> uid = UserNumber(std::string(entry));
      if (!uid.ok()) return uid.status();
      callers.AllowUser(*uid);
    }
  }
  return callers;
}

bool AllowedCallers::Allows(const Peer& peer) const {
  if (peer.uid == 0 && root_allowed_) return true;
  if (users_.count(peer.uid) > 0 || groups_.count(peer.gid) > 0) return true;
  return std::any_of(peer.groups.begin(), peer.groups.end(),
                     [this](gid_t gid) { return groups_.count(gid) > 0; });
}

}  // namespace toolboxd
