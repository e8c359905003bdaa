// SPDX-License-Identifier: Apache-2.0

#include "transportd/policy/user_list.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <system_error>
#include <thread>
#include <vector>

#include "base/log.h"

namespace toolboxd {
namespace {

// The largest database entry that is read: a group's includes its members.
constexpr size_t kMaxEntry = 8 << 20;

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
};

// Calls getpwnam_r or getgrnam_r: kYes with `entry`, whose texts are in `buffer`, kNo, or kUnknown.
template <typename Entry, typename Function>
Listed LookUp(Function function, const char* name, Entry& entry, std::vector<char>& buffer) {
  for (buffer.resize(4096); buffer.size() <= kMaxEntry; buffer.resize(buffer.size() * 4)) {
    Entry* found = nullptr;
    const int error = function(name, &entry, buffer.data(), buffer.size(), &found);
    if (found != nullptr) return Listed::kYes;
    // A database that does not answer has an error number, which differs between databases.
    if (error != ERANGE && error != EINTR) return error == 0 ? Listed::kNo : Listed::kUnknown;
  }
  return Listed::kUnknown;
}

Listed FindAccount(const std::string& name, Account& account) {
  passwd entry;
  std::vector<char> buffer;
  const Listed found = LookUp(getpwnam_r, name.c_str(), entry, buffer);
  if (found == Listed::kYes) account = {entry.pw_uid, entry.pw_gid};
  return found;
}

Listed FindGroup(const std::string& name, gid_t& gid) {
  group entry;
  std::vector<char> buffer;
  const Listed found = LookUp(getgrnam_r, name.c_str(), entry, buffer);
  if (found == Listed::kYes) gid = entry.gr_gid;
  return found;
}

std::vector<gid_t> GroupsOf(const std::string& user, gid_t primary) {
  int count = 64;
  std::vector<gid_t> groups(count);
  if (getgrouplist(user.c_str(), primary, groups.data(), &count) < 0) {
    groups.resize(count);
    getgrouplist(user.c_str(), primary, groups.data(), &count);
  }
  // Groups that the user has got since the first call are not there.
  groups.resize(std::min(groups.size(), static_cast<size_t>(std::max(count, 0))));
  return groups;
}

bool IsGroup(const std::string& entry) { return !entry.empty() && entry[0] == '@'; }

// One entry, for a user that the machine knows.
Listed Matches(const std::string& entry, const Account& user, const std::vector<gid_t>& groups) {
  if (!IsGroup(entry)) {
    Account account;
    const Listed found = FindAccount(entry, account);
    return found == Listed::kYes && account.uid != user.uid ? Listed::kNo : found;
  }
  gid_t gid;
  const Listed found = FindGroup(entry.substr(1), gid);
  const bool member = std::find(groups.begin(), groups.end(), gid) != groups.end();
  return found == Listed::kYes && !member ? Listed::kNo : found;
}

// Waits for the user database.
void Warn(const char* field, const UserList& list) {
  for (const std::string& entry : list) {
    Account account;
    gid_t gid;
    const Listed found =
        IsGroup(entry) ? FindGroup(entry.substr(1), gid) : FindAccount(entry, account);
    if (found != Listed::kYes) {
      LogWarning("policy: the entry \"", entry, "\" of ", field,
                 " has no effect: this machine does not know it");
    }
  }
}

}  // namespace

Listed IsListed(const UserList& list, const std::string& user, std::optional<uid_t> uid) {
  if (list.empty()) return Listed::kNo;
  if (std::find(list.begin(), list.end(), user) != list.end()) return Listed::kYes;
  Account account;
  const Listed known = FindAccount(user, account);
  if (known != Listed::kYes) return known;
  account.uid = uid.value_or(account.uid);
  const std::vector<gid_t> groups = GroupsOf(user, account.gid);
  Listed result = Listed::kNo;
  for (const std::string& entry : list) {
    const Listed matches = Matches(entry, account, groups);
    if (matches == Listed::kYes) return Listed::kYes;
    if (matches == Listed::kUnknown) result = Listed::kUnknown;
  }
  return result;
}

void WarnOfUnknown(const char* field, const UserList& list) {
  if (list.empty()) return;
  try {
    std::thread([field, list] { Warn(field, list); }).detach();
  } catch (const std::system_error& error) {
    LogWarning("policy: the entries of ", field, " were not looked up: ", error.what());
  }
}

}  // namespace toolboxd
