// SPDX-License-Identifier: Apache-2.0

// The user of a session.

#ifndef TOOLBOXD_SESSION_USER_H_
#define TOOLBOXD_SESSION_USER_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace toolboxd::session {

struct User {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string home;
  std::string shell;
};

// Looks in the user database (files, LDAP and so on). Not thread-safe.
std::optional<User> FindUser(const std::string& name);
std::optional<User> FindUser(uid_t uid);

// Whether the user is one of toolboxd's own daemons, by its number or its name ("toolboxd-…"). They
// have no sessions, whatever PAM says.
bool IsServiceUser(const User& user);

// "NAME=VALUE" each: HOME, USER, LOGNAME, SHELL, PATH, and the allocator's (base/memory.h), which a
// service keeps from its programs; then `pam`'s, which win where both have a name, then
// TOOLBOXD_RUNTIME_DIR unless it is empty. Nothing is inherited from this process.
std::vector<std::string> Environment(const User& user, const std::vector<std::string>& pam,
                                     const std::string& runtime_dir);

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_USER_H_
