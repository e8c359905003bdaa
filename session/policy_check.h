// SPDX-License-Identifier: Apache-2.0

// Whether the policy for guest operations lets a user have a session without a password.

#ifndef TOOLBOXD_SESSION_POLICY_CHECK_H_
#define TOOLBOXD_SESSION_POLICY_CHECK_H_

#include <string>

namespace toolboxd::session {

struct PolicyCheck {
  // The program that reads policies, transportd: this process, which is root, does not.
  std::string program;
  // The policy.
  std::string file;
  // Who the program runs as.
  std::string user = "toolboxd-transport";
};

// Executes "PROGRAM --policy=FILE --permits_login=USER" as the check's user, with no descriptor but
// /dev/null and standard error and with an environment of its own. True where it ends with
// status 0 within ten seconds; otherwise `error` says why not. Needs root.
bool PolicyPermits(const PolicyCheck& check, const std::string& user, std::string& error);

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_POLICY_CHECK_H_
