// SPDX-License-Identifier: Apache-2.0

// The process at the other end of a Unix socket, and which ones are admitted.

#ifndef TOOLBOXD_DAEMON_PEER_H_
#define TOOLBOXD_DAEMON_PEER_H_

#include <sys/types.h>

#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd {

// The credentials of the process that connected, as the kernel recorded them then.
struct Peer {
  pid_t pid = 0;
  uid_t uid = 0;
  gid_t gid = 0;
  // Supplementary groups.
  std::vector<gid_t> groups;

  // "uid 1000, pid 4711", for the log.
  std::string ToString() const;
};

// SO_PEERCRED and SO_PEERGROUPS of a connected Unix socket.
absl::StatusOr<Peer> PeerOf(int fd);

// A set of users and groups. Root belongs to it unless that is switched off.
// Thread-safe once built.
class AllowedCallers {
 public:
  // Root only.
  AllowedCallers() = default;

  // A comma-separated list of user names, user numbers, @group names and @group numbers, such
  // as "toolboxd-transport,1000,@toolboxd"; may be empty. InvalidArgument names the entry
  // that is empty or unknown.
  static absl::StatusOr<AllowedCallers> Parse(absl::string_view list);

  void AllowUser(uid_t uid) { users_.insert(uid); }
  void AllowGroup(gid_t gid) { groups_.insert(gid); }
  void set_root_allowed(bool allowed) { root_allowed_ = allowed; }

  bool Allows(const Peer& peer) const;

 private:
  std::set<uid_t> users_;
  std::set<gid_t> groups_;
  bool root_allowed_ = true;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_PEER_H_
