// SPDX-License-Identifier: Apache-2.0

// UserNames: the names of the owners in a list of processes.

#ifndef TOOLBOXD_VIXD_USER_NAMES_H_
#define TOOLBOXD_VIXD_USER_NAMES_H_

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"

namespace toolboxd::vixd {

// The machine's user database, which may be on a server that is slow or does not answer. No value
// for a user that it does not have. Thread-safe.
std::optional<std::string> LookUpUserName(uid_t uid);

// A user may have processes under many numbers without a name (user namespaces), and each of them
// is a question to the database. So a thread asks, a list waits for it for kPatience in total, and
// users whose names have not come by then are numbers. Answers are kept. Thread-safe.
class UserNames {
 public:
  using LookUp = std::function<std::optional<std::string>(uid_t uid)>;

  static constexpr absl::Duration kPatience = absl::Milliseconds(250);
  // How long an answer is used.
  static constexpr absl::Duration kFresh = absl::Minutes(1);
  // Answers; at more than that, all are forgotten.
  static constexpr size_t kMaxKept = 4096;

  // `look_up` may be called after this object's end.
  explicit UserNames(LookUp look_up = LookUpUserName);

  // The names in one list. Not thread-safe.
  class List {
   public:
    // Asks for the own user's name first.
    explicit List(const UserNames* names);

    // The number, in decimal, for a user without a name.
    std::string Get(uid_t uid);

   private:
    const UserNames& names_;
    absl::Duration left_ = kPatience;
  };

 private:
  struct State;

  // No value if there is none, or if it does not come within `left`, from which it takes the wait.
  std::optional<std::string> Find(uid_t uid, absl::Duration& left) const;

  const std::shared_ptr<State> state_;
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_USER_NAMES_H_
