// SPDX-License-Identifier: Apache-2.0

// ShimClient: sends jobs to the shim that starts programs.

#ifndef TOOLBOXD_VIXD_SHIM_CLIENT_H_
#define TOOLBOXD_VIXD_SHIM_CLIENT_H_

#include <sys/types.h>

#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/unique_fd.h"
#include "vixd/shim/job.h"

namespace toolboxd::vixd {

// Runs one `toolboxd-shim serve` for all programs of this process: starts it with the first job,
// and again if it has ended. It ends with this object or process; the shims of programs do not.
// Thread-safe.
class ShimClient {
 public:
  // `shim` is the path of toolboxd-shim, `records` the directory of records.
  ShimClient(std::string shim, std::string records);

  // Starts the job's program and returns its process id. Asks `cancelled` once, before anything is
  // sent; a call that was cancelled has had no effect. PROGRAM_NOT_STARTED, with an errno if there
  // is one; NO_SPACE.
  absl::StatusOr<pid_t> Start(const ShimJob& job, absl::FunctionRef<bool()> cancelled)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Status Spawn() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Send(const std::string& job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<pid_t> ReadReport() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string shim_;
  const std::string records_;
  // Held from the sending of a job until its report: starts happen one after another.
  absl::Mutex mutex_;
  UniqueFd connection_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_CLIENT_H_
