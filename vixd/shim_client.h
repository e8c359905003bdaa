// SPDX-License-Identifier: Apache-2.0

// vixd's end of the shim that starts programs.

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

// One `toolboxd-shim serve` for all programs of this process, started with the first of them
// and again should it die. It ends with this object or process; the shims of programs do not.
// Thread-safe.
class ShimClient {
 public:
  // The path of toolboxd-shim, and the directory of records.
  ShimClient(std::string shim, std::string records);

  // The process id of the job's program, once it runs. Nothing has happened before the last
  // look at `cancelled`. PROGRAM_NOT_STARTED, with an errno where there is one; NO_SPACE.
  absl::StatusOr<pid_t> Start(const ShimJob& job, absl::FunctionRef<bool()> cancelled)
      ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  absl::Status Spawn() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Send(const std::string& job) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<pid_t> ReadReport() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string shim_;
  const std::string records_;
  // Held from a job to its report, which have the connection to themselves.
  absl::Mutex mutex_;
  UniqueFd connection_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_CLIENT_H_
