// SPDX-License-Identifier: Apache-2.0

// LoginGate: refuses a user's logins for a while after a wrong password.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_GATE_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_GATE_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "transportd/sessions/credential_hash.h"

namespace toolboxd {

// A TCLO call cannot sleep for PAM's delay after a wrong password. Instead, logins of that user are
// refused without asking PAM: for 2 s after the first wrong password, twice as long after each
// further one, 30 s at most. A refusal is final: what was sent meanwhile is not tried later. Users
// do not affect one another. A credential that PAM accepted before, and has not refused since, is
// never refused here: it gives nothing to guess with.
//
// Remembers at most kMaxUsers users. Not thread-safe.
class LoginGate {
 public:
  static constexpr size_t kMaxUsers = 1024;

  // Whether PAM may be asked now.
  bool MayTry(absl::string_view user, const CredentialHash& hash, absl::Time now) const;

  // PAM's answers.
  void Accepted(absl::string_view user, const CredentialHash& hash, absl::Time now);
  void Refused(absl::string_view user, const CredentialHash& hash, absl::Time now);

  size_t size() const { return users_.size(); }

 private:
  struct User {
    int failures = 0;
    absl::Time held_until = absl::InfinitePast();
    absl::Time last_seen;
    // The credential that PAM accepted last, if it has not refused it since.
    std::optional<CredentialHash> accepted;
  };
  User& Find(absl::string_view user, absl::Time now);
  // Forgets the user who was seen longest ago if there are kMaxUsers.
  void EvictOne();

  absl::flat_hash_map<std::string, User> users_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_GATE_H_
