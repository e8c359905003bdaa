// SPDX-License-Identifier: Apache-2.0

// The sessions that were given up and whose processes still have their place.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_LEAVING_SESSIONS_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_LEAVING_SESSIONS_H_

#include <sys/types.h>

#include <list>
#include <set>

#include "base/unique_fd.h"
#include "transportd/sessions/session_opener.h"

namespace toolboxd {

// A user can stop the own hgfsd or vixd. It then does not see that its connection has ended, and
// holds one of the connections that systemd admits to the service for all users, until session ends
// it (session/service.h). So the pool counts what it gave up until the process has ended, and a
// user with too many gets no further one. Not thread-safe.
class LeavingSessions {
 public:
  // Processes of one user and service that are waited for.
  static constexpr size_t kMaxOfUser = 4;
  // Processes of all users of a service beyond which a user waits for each of the own ones. With
  // the pool's open sessions, its spare connection and the logins that go on they are less than
  // MaxConnections of the service's socket.
  static constexpr size_t kMax = 8;

  // `process` is readable when the process has ended; an invalid descriptor is not counted.
  void Add(SessionService service, uid_t uid, UniqueFd process);
  // Forgets the processes that have ended.
  void Sweep();

  size_t Count(SessionService service) const;
  // The users who get no further process of the service now.
  std::set<uid_t> CrowdedUsers(SessionService service) const;

 private:
  struct Leaving {
    SessionService service;
    uid_t uid;
    UniqueFd process;
  };

  std::list<Leaving> leaving_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_LEAVING_SESSIONS_H_
