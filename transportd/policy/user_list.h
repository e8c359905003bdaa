// SPDX-License-Identifier: Apache-2.0

// Lists of users and groups in the policy.

#ifndef TOOLBOXD_TRANSPORTD_POLICY_USER_LIST_H_
#define TOOLBOXD_TRANSPORTD_POLICY_USER_LIST_H_

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_field.h"

namespace toolboxd {

using UserList = google::protobuf::RepeatedPtrField<std::string>;

enum class Listed {
  kNo,
  kYes,
  // The machine's user database did not answer (NSS): it may be either.
  kUnknown,
};

// Whether a list of users and "@group"s names the user: by name, by the number behind it, since
// some databases know a user by several spellings, or by one of the user's groups. Names that the
// machine does not know are passed over. May wait for a directory server. Thread-safe.
Listed IsListed(const UserList& list, const std::string& user);

// Logs the entries that the machine does not know. Not an error: a user may be made later.
void WarnOfUnknown(absl::string_view field, const UserList& list);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_POLICY_USER_LIST_H_
