// SPDX-License-Identifier: Apache-2.0

// What parts of a user's first operation take.

#ifndef TOOLBOXD_TESTS_BENCH_LOGIN_PARTS_H_
#define TOOLBOXD_TESTS_BENCH_LOGIN_PARTS_H_

#include <string>
#include <vector>

namespace toolboxd::bench {

struct LoginParts {
  // PAM by itself, with the service toolboxd and in a process that loads the modules:
  // pam_authenticate and pam_acct_mgmt; then with pam_setcred and pam_open_session as well.
  double pam_check_ms = 0;
  double pam_ms = 0;
  // From a request to a session that waits for one (session/handshake.h) until its reply to
  // "verify"; until its reply to a login; until the first reply of the vixd or the hgfsd that it
  // becomes.
  double verify_ms = 0;
  double session_ms = 0;
  double vixd_ms = 0;
  double hgfsd_ms = 0;
  // A line of the log about the operation.
  double audit_ms = 0;
};

// Measures them where this process runs, in a guest or outside of it, with the session in
// `program_folder`, and prints the medians over the users on one line. Returns the exit status;
// needs root and private mounts.
int MeasureLoginParts(const std::string& program_folder, const std::vector<std::string>& users,
                      const std::string& password);

// The parts from such a line. Ends the program where it is none.
LoginParts ParseLoginParts(const std::vector<std::string>& numbers);

}  // namespace toolboxd::bench

#endif  // TOOLBOXD_TESTS_BENCH_LOGIN_PARTS_H_
