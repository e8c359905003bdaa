// SPDX-License-Identifier: Apache-2.0

// FunctionTable: the runs of functions, with process ids of their own.

#ifndef TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_TABLE_H_
#define TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_TABLE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/shares.h"
#include "toolboxd/v1/processes.pb.h"
#include "transportd/files/file_store.h"
#include "transportd/functions/function_loop.h"
#include "transportd/functions/function_run.h"

namespace toolboxd {

// transportd/sessions/session_pool.h; null for an extension's function, which has a connection of
// its own.
struct UserSession;

// Every user sees a function in the process list; only the user who started it can end it or reach
// its streams. It is kept for five minutes after its end, unless many functions end after it. Not
// thread-safe.
class FunctionTable {
 public:
  // The first process id. It is beyond the kernel's largest (PID_MAX_LIMIT, which kernel.pid_max
  // cannot exceed), so no process ever has it.
  static constexpr int64_t kFirstPid = 4194305;
  // Runs are shared by all users (base/shares.h): in a full table the oldest run of the user who
  // has most ends for one of a user who has less.
  static constexpr size_t kMaxRunning = 64;
  // vixd has a thread for each, and some for its other calls.
  static constexpr size_t kMaxRunningOfUser = 16;
  // Threads for all runs together, while there are any.
  static constexpr int kThreads = 1;
  static constexpr absl::Duration kRetention = absl::Minutes(5);
  // Ended runs that are kept, of all users and of one, shared in the same way.
  static constexpr size_t kMaxEnded = 128;
  static constexpr size_t kMaxEndedOfUser = 64;
  // Bytes of a function's arguments in a process list.
  static constexpr size_t kMaxArguments = 1024;

  // How long a function's input may stay open without any input or output.
  static constexpr absl::Duration kPatience = absl::Minutes(5);

  explicit FunctionTable(SpoolLimits limits, absl::Duration patience = kPatience)
      : budget_(std::make_shared<SpoolBudget>(std::move(limits))), patience_(patience) {}
  // Ends the runs.
  ~FunctionTable();

  // Returns the new run's process id, without waiting. BUSY if this user has as many runs as their
  // share, or the system cannot create a thread.
  absl::StatusOr<int64_t> Start(const std::shared_ptr<grpc::Channel>& channel,
                                v1::StartFunction start, std::shared_ptr<const UserSession> pin);

  // Whether the id is that of a function, of any user.
  bool Has(int64_t pid) const { return runs_.count(pid) != 0; }
  std::vector<v1::Process> List() const;
  // NO_SUCH_PROCESS for an unknown id; PERMISSION_DENIED for another user's function. OK for a
  // function that has ended.
  absl::Status Terminate(const std::string& user, int64_t pid);

  // The streams of a user's function as files, with `timeout` for writes to its input.
  // Null for an id that is not a function of this user.
  std::shared_ptr<files::FileStore> Files(const std::string& user, int64_t pid,
                                          absl::Duration timeout);

  // Forgets functions that ended long ago, and ends abandoned ones. To be called every few seconds.
  void Maintain();

  // While file systems are frozen: between the two no stream of a function is written or deleted.
  // What the functions send waits, and neither Start() nor Maintain() may be called. Hold() waits
  // for a write that is under way.
  void Hold();
  void Release();

 private:
  struct Entry {
    std::shared_ptr<FunctionRun> run;
    std::string name;
    std::string arguments;
    std::string user;
    absl::Time start_time;
  };
  using Runs = std::map<int64_t, Entry>;

  int64_t FreePid();
  // Makes a place for one more run, if the user's share permits.
  bool MakePlace(const std::string& user);
  // Counts runs that have ended since the last call as such.
  void CountEnded();
  Runs::iterator Forget(Runs::iterator run);

  const std::shared_ptr<SpoolBudget> budget_;
  const absl::Duration patience_;
  // Null while no function runs.
  std::unique_ptr<FunctionLoop> loop_;
  Runs runs_;
  // The functions that were not ended when they were last looked at, and the others.
  Shares<int64_t> running_{{.user = kMaxRunningOfUser, .total = kMaxRunning}};
  Shares<int64_t> ended_{{.user = kMaxEndedOfUser, .total = kMaxEnded}};
  int64_t next_pid_ = kFirstPid;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_TABLE_H_
