// SPDX-License-Identifier: Apache-2.0

// The running functions, with process ids of their own.

#ifndef TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_TABLE_H_
#define TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_TABLE_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "toolboxd/v1/processes.pb.h"
#include "transportd/files/file_store.h"
#include "transportd/functions/function_loop.h"
#include "transportd/functions/function_run.h"

namespace toolboxd {

// A function is listed for everybody, and belongs to the user who started it: nobody else
// can end it or reach its streams. Kept for five minutes after its end, unless many ended after
// it. Not thread-safe.
class FunctionTable {
 public:
  // The first process id: beyond the kernel's largest (PID_MAX_LIMIT, whatever kernel.pid_max
  // says), so that no process has it, now or later.
  static constexpr int64_t kFirstPid = 4194305;
  static constexpr size_t kMaxRunning = 64;
  // vixd has a thread for each, and some for everything else.
  static constexpr size_t kMaxRunningOfUser = 16;
  // Threads for all runs together, while there are any.
  static constexpr int kThreads = 1;
  static constexpr absl::Duration kKept = absl::Minutes(5);
  // Runs that have ended, of all users and of one; the oldest are forgotten first.
  static constexpr size_t kMaxEnded = 128;
  static constexpr size_t kMaxEndedOfUser = 64;
  // Of a function's arguments, in a list.
  static constexpr size_t kMaxArguments = 1024;

  // How long a function's input may stay open while nothing comes or goes.
  static constexpr absl::Duration kPatience = absl::Minutes(5);

  explicit FunctionTable(SpoolLimits limits, absl::Duration patience = kPatience)
      : room_(std::make_shared<SpoolRoom>(std::move(limits))), patience_(patience) {}
  // Ends the runs.
  ~FunctionTable();

  // The new run's process id; nothing is waited for. BUSY where there are too many, of this user or
  // of all, or no thread is to be had.
  absl::StatusOr<int64_t> Start(const std::shared_ptr<grpc::Channel>& channel,
                                v1::StartFunction start, std::shared_ptr<void> pin);

  // Whether the id is a function's, anybody's.
  bool Has(int64_t pid) const { return runs_.count(pid) != 0; }
  std::vector<v1::Process> List() const;
  // NO_SUCH_PROCESS; PERMISSION_DENIED for another user's. Ending a function that has
  // ended is no error.
  absl::Status Terminate(const std::string& user, int64_t pid);

  // The streams of a user's function as files, with `timeout` for writes to its input.
  // Null for an id that is not a function of this user.
  std::shared_ptr<files::FileStore> Files(const std::string& user, int64_t pid,
                                          absl::Duration timeout);

  // Forgets functions that ended long ago, and ends abandoned ones. To be called every few seconds.
  void Maintain();

 private:
  struct Entry {
    std::shared_ptr<FunctionRun> run;
    std::string name;
    std::string arguments;
    std::string user;
    absl::Time start_time;
  };
  int64_t FreePid();
  // Of one user unless null.
  size_t Running(const std::string* user) const;
  void ForgetEnded();

  const std::shared_ptr<SpoolRoom> room_;
  const absl::Duration patience_;
  // While functions run.
  std::unique_ptr<FunctionLoop> loop_;
  std::map<int64_t, Entry> runs_;
  int64_t next_pid_ = kFirstPid;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_FUNCTIONS_FUNCTION_TABLE_H_
