// SPDX-License-Identifier: Apache-2.0

#include "session/user.h"

#include <pwd.h>

#include "base/memory.h"

namespace toolboxd::session {
namespace {

// What login(1) gives.
constexpr char kRootPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr char kUserPath[] = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games";

// The names of the daemons' users begin with this; deploy/sysusers has them.
constexpr char kServiceUsers[] = "toolboxd-";

std::optional<User> FromEntry(const passwd* entry) {
  if (entry == nullptr) return std::nullopt;
  const std::string shell = entry->pw_shell;
  return User{entry->pw_name, entry->pw_uid, entry->pw_gid, entry->pw_dir,
              shell.empty() ? "/bin/sh" : shell};
}

void Set(std::vector<std::string>& environment, const std::string& variable) {
  const std::string name = variable.substr(0, variable.find('=') + 1);
  for (std::string& old : environment) {
    if (old.compare(0, name.size(), name) == 0) {
      old = variable;
      return;
    }
  }
  environment.push_back(variable);
}

}  // namespace

std::optional<User> FindUser(const std::string& name) { return FromEntry(getpwnam(name.c_str())); }

std::optional<User> FindUser(uid_t uid) { return FromEntry(getpwuid(uid)); }

bool IsServiceUser(const User& user) {
  if (user.name.starts_with(kServiceUsers)) return true;
  // Another name for the same number.
  for (const char* daemon :
       {"transport", "guestinfo", "power", "snapshot", "freezer", "deploy", "clock"}) {
    const std::optional<User> known = FindUser(kServiceUsers + std::string(daemon));
    if (known.has_value() && known->uid == user.uid) return true;
  }
  return false;
}

std::vector<std::string> Environment(const User& user, const std::vector<std::string>& pam,
                                     const std::string& runtime_dir) {
  std::vector<std::string> environment = {
      "HOME=" + user.home,
      "USER=" + user.name,
      "LOGNAME=" + user.name,
      "SHELL=" + user.shell,
      std::string("PATH=") + (user.uid == 0 ? kRootPath : kUserPath),
  };
  Set(environment, kMemoryVariable);
  for (const std::string& variable : pam) {
    if (variable.find('=') != std::string::npos) Set(environment, variable);
  }
  if (!runtime_dir.empty()) Set(environment, "TOOLBOXD_RUNTIME_DIR=" + runtime_dir);
  return environment;
}

}  // namespace toolboxd::session
