// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_operation_flags.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>

#include "absl/flags/flag.h"
#include "absl/time/time.h"
#include "base/steady_time.h"

ABSL_FLAG(std::string, policy, "/etc/toolboxd/policy.textproto",
          "What guest operations may do; read again on SIGHUP.");
ABSL_FLAG(std::string, routes_dir, "/etc/toolboxd/routes.d",
          "Folder of *.textproto files that bind extensions; read again on SIGHUP.");
ABSL_FLAG(absl::Duration, call_timeout, absl::Seconds(5),
          "Time limit of one call to a service for a guest operation.");
ABSL_FLAG(absl::Duration, login_time, absl::Milliseconds(450),
          "When every refused login is answered at the earliest, and how long a login is waited "
          "for whose credential "
          "PAM has not accepted before; for slow directories and hashes.");
ABSL_FLAG(absl::Duration, reauthentication_time, absl::Seconds(60),
          "How long a guest user's login is valid before PAM is asked again.");
ABSL_FLAG(absl::Duration, session_idle_close, absl::Minutes(5),
          "Guest users' sessions that are not used for this time are closed.");
ABSL_FLAG(int32_t, max_sessions, 48,
          "Open sessions of one service; the least recently used one is closed first.");
ABSL_FLAG(int64_t, function_output_limit, int64_t{16} << 20,
          "Bytes kept of each standard stream of a function.");
ABSL_FLAG(int64_t, function_spool_limit, int64_t{32} << 20,
          "Bytes kept of all functions' streams together; one user's get half of it.");
ABSL_FLAG(std::string, spool_dir, "/var/tmp",
          "Folder of functions' streams, which are in files without a name.");

namespace toolboxd {
namespace {

// The spare connection for the next user is made this long after a login: not while that login's
// operation is still running and being answered.
constexpr absl::Duration kSpareDelay = absl::Milliseconds(100);

// The longest --login_time: the host's patience for one request.
constexpr absl::Duration kMaxLoginTime = absl::Seconds(5);

}  // namespace

GuestOperationsOptions GuestOperationsFromFlags(TaskQueue* queue) {
  GuestOperationsOptions options;
  options.sessions.later = [queue](std::function<void()> task) {
    queue->PostAt(SteadyNow() + kSpareDelay, std::move(task));
  };
  options.policy_file = absl::GetFlag(FLAGS_policy);
  options.routes_directory = absl::GetFlag(FLAGS_routes_dir);
  options.timeout = absl::GetFlag(FLAGS_call_timeout);
  options.sessions.login_time =
      std::clamp(absl::GetFlag(FLAGS_login_time), absl::Milliseconds(10), kMaxLoginTime);
  options.sessions.reauthentication_time = absl::GetFlag(FLAGS_reauthentication_time);
  options.sessions.idle_close = absl::GetFlag(FLAGS_session_idle_close);
  options.sessions.max_sessions = std::max(1, absl::GetFlag(FLAGS_max_sessions));
  options.functions.stream = std::max<int64_t>(1, absl::GetFlag(FLAGS_function_output_limit));
  options.functions.total = std::max<int64_t>(1, absl::GetFlag(FLAGS_function_spool_limit));
  options.functions.user = options.functions.total / 2;
  options.functions.directory = absl::GetFlag(FLAGS_spool_dir);
  return options;
}

}  // namespace toolboxd
