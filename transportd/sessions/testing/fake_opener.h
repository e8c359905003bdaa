// SPDX-License-Identifier: Apache-2.0

// A session that opens connections to no process, for tests.

#ifndef TOOLBOXD_TRANSPORTD_SESSIONS_TESTING_FAKE_OPENER_H_
#define TOOLBOXD_TRANSPORTD_SESSIONS_TESTING_FAKE_OPENER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "base/unique_fd.h"
#include "transportd/sessions/session_opener.h"

namespace toolboxd {

// Stands in for session: counts its requests, and answers by a list of passwords. Requests run on
// threads of the pool's.
class FakeOpener {
 public:
  SessionOpener Opener();

  // From now on requests are answered only after Release().
  void Block();
  void Release();
  // What waits keeps waiting for the result's notification; what comes does not.
  std::shared_ptr<absl::Notification> Unblock();

  std::map<std::string, std::string> passwords = {{"alice", "a"}, {"bob", "b"}, {"ALICE", "a"}};
  std::vector<UniqueFd> peers;
  // How long a process takes to start, and PAM to answer.
  absl::Duration start;
  absl::Duration pam;
  bool up = true;
  bool hang = false;
  int connects = 0;
  int logins = 0;
  int verifies = 0;
  // Whether processes stay when their connections have ended; ended by Kill().
  bool stopped = false;
  void Kill();

 private:
  absl::StatusOr<int> Connect();
  // Readable when the process has ended, which it does at once unless it is stopped.
  UniqueFd StartProcess();
  absl::StatusOr<session::SessionUser> Answer(int connection, bool verify, const std::string& user,
                                              const std::string& password);

  absl::Mutex mutex_;
  std::shared_ptr<absl::Notification> blocked_ ABSL_GUARDED_BY(mutex_);
  std::vector<UniqueFd> processes_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_SESSIONS_TESTING_FAKE_OPENER_H_
