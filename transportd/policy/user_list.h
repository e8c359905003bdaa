// SPDX-License-Identifier: Apache-2.0

// UserList: users and groups that the policy allows or denies.

#ifndef TOOLBOXD_TRANSPORTD_POLICY_USER_LIST_H_
#define TOOLBOXD_TRANSPORTD_POLICY_USER_LIST_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_field.h"

namespace toolboxd {

using UserList = google::protobuf::RepeatedPtrField<std::string>;

enum class Listed {
  kNo,
  kYes,
  // The machine's user database (NSS) did not answer.
  kUnknown,
};

// Whether a list of users and "@group"s contains the user: by name, by user id, because some
// databases know a user by several spellings, or by one of the user's groups. Entries that the
// machine does not know are skipped. `uid` is the user's, if a login has returned it; otherwise the
// database's. May wait for a directory server, without a time limit. Thread-safe.
Listed IsListed(const UserList& list, const std::string& user,
                std::optional<uid_t> uid = std::nullopt);

// Logs the entries that the machine does not know. Not an error: a user may be created later. Does
// not wait for the user database: a thread of its own does, so the lines come later.
void WarnOfUnknown(const char* field, const UserList& list);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_POLICY_USER_LIST_H_
