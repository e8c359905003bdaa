// SPDX-License-Identifier: Apache-2.0

// LoginGate: refuses a name's logins for a while after a wrong password.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_GATE_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_GATE_H_

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "transportd/sessions/credential_hash.h"

namespace toolboxd {

// Remembers what PAM has said about names and credentials. Not thread-safe.
//
// A TCLO call cannot sleep for PAM's delay after a wrong password. Instead, logins of that name are
// refused without asking PAM: for 2 s after the second wrong password, twice as long after each
// further one, 30 s at most. After the first, which is a slip as a rule, the next is tried at once.
// A refusal is final: what was sent meanwhile is not tried later. Names do not affect one another.
// A credential that PAM accepted before, and has not refused since, is never refused here: it gives
// nothing to guess with.
//
// Names that were only guessed take no place from credentials that were right, nor do the spellings
// of one user's name from other users.
class LoginGate {
 public:
  // Names with a failure.
  static constexpr size_t kMaxNames = 1024;
  // Accepted credentials, of all users and of one.
  static constexpr size_t kMaxAccepted = 1024;
  static constexpr size_t kMaxAcceptedOfUser = 4;

  // The user that PAM settled on, if it accepted this credential last for the name, and has not
  // refused it since.
  std::optional<uid_t> AcceptedUser(absl::string_view user, const CredentialHash& hash) const;
  bool IsAccepted(absl::string_view user, const CredentialHash& hash) const {
    return AcceptedUser(user, hash).has_value();
  }
  // Whether PAM may be asked now.
  bool MayTry(absl::string_view user, const CredentialHash& hash, absl::Time now) const;

  // PAM's answers. `uid` is the user that it settled on.
  void Accepted(absl::string_view user, uid_t uid, const CredentialHash& hash, absl::Time now);
  void Refused(absl::string_view user, const CredentialHash& hash, absl::Time now);

  size_t names() const { return failures_.size(); }
  size_t accepted() const { return accepted_.size(); }

 private:
  struct Failures {
    int count = 0;
    absl::Time held_until = absl::InfinitePast();
    absl::Time last_seen;
  };
  struct Credential {
    CredentialHash hash;
    uid_t uid;
    absl::Time last_seen;
  };

  // Makes a place for a credential of the user.
  void EvictAccepted(uid_t uid);

  // Both by name.
  absl::flat_hash_map<std::string, Failures> failures_;
  absl::flat_hash_map<std::string, Credential> accepted_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_LOGIN_GATE_H_
