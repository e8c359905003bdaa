// SPDX-License-Identifier: Apache-2.0

// Holding a user's next login back after a wrong password.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_GATE_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_GATE_H_

#include <cstddef>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "transportd/sessions/credential_hash.h"

namespace toolboxd {

// PAM's delay after a wrong password cannot be slept inside a TCLO call, so it is kept
// here: for 2 s after the first wrong password of a user, twice as long after each
// further one, 30 s at most, logins of that user are refused without asking PAM. A refusal
// is final: nothing that was sent meanwhile is tried later. Users do not affect one
// another, and a credential that PAM accepted before, and that was not refused since, is
// never held back: nothing can be guessed with it.
//
// Remembers at most kMaxUsers users; not thread-safe.
class LoginGate {
 public:
  static constexpr size_t kMaxUsers = 1024;

  // Whether PAM may be asked now.
  bool MayTry(absl::string_view user, const CredentialHash& hash, absl::Time now) const;

  void Accepted(absl::string_view user, const CredentialHash& hash, absl::Time now);
  void Refused(absl::string_view user, const CredentialHash& hash, absl::Time now);

  size_t size() const { return users_.size(); }

 private:
  struct User {
    int failures = 0;
    absl::Time held_until = absl::InfinitePast();
    absl::Time last_seen;
    // What PAM accepted last.
    absl::optional<CredentialHash> accepted;
  };
  User& Find(absl::string_view user, absl::Time now);
  void MakeRoom();

  absl::flat_hash_map<std::string, User> users_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_GATE_H_
