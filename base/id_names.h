// SPDX-License-Identifier: Apache-2.0

// IdNames: names of users or groups, of a database that may be slow or not answer.

#ifndef TOOLBOXD_BASE_ID_NAMES_H_
#define TOOLBOXD_BASE_ID_NAMES_H_

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace toolboxd {

// The machine's databases. No value for a number that they do not have, and an error where they do
// not say, as a server of names that is not reached. Thread-safe.
absl::StatusOr<std::optional<std::string>> LookUpUserName(id_t uid);
absl::StatusOr<std::optional<std::string>> LookUpGroupName(id_t gid);

// A user may have processes and files under many numbers without a name (user namespaces), and each
// of them is a question to the database. So a thread asks, one question at a time, whoever needs
// the names waits for it for a limited time, and goes without those that have not come by then.
// Answers are kept. Thread-safe.
class IdNames {
 public:
  using LookUp = std::function<absl::StatusOr<std::optional<std::string>>(id_t id)>;

  // How long an answer is used.
  static constexpr absl::Duration kFresh = absl::Minutes(1);
  // Answers; at more than that, numbers without a name are forgotten, and all if that is not
  // enough.
  static constexpr size_t kMaxKept = 4096;

  // `look_up` may be called after this object's end. An answer is used for `fresh`, and later where
  // no newer one comes in time, or an error in its place.
  explicit IdNames(LookUp look_up, absl::Duration fresh = kFresh);

  // The names for one purpose, as a list. Waits for kPatience, of which a tenth of the time that
  // passes comes back. Not thread-safe.
  class Asker {
   public:
    static constexpr absl::Duration kPatience = absl::Milliseconds(250);
    static constexpr int kShare = 10;

    explicit Asker(const IdNames* names);

    // No value for a number without a name, or whose name has not come in time.
    std::optional<std::string> Get(id_t id);

   private:
    const IdNames& names_;
    absl::Duration left_ = kPatience;
    absl::Time last_;
  };

 private:
  struct State;

  // Waits no longer than `left`, from which it takes the wait.
  std::optional<std::string> Find(id_t id, absl::Duration& left) const;

  const std::shared_ptr<State> state_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_ID_NAMES_H_
