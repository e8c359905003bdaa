// SPDX-License-Identifier: Apache-2.0

// ProcessReader: reads many processes, whatever one of them does.

#ifndef TOOLBOXD_VIXD_PROCESS_READER_H_
#define TOOLBOXD_VIXD_PROCESS_READER_H_

#include <functional>
#include <memory>
#include <vector>

#include "absl/time/time.h"
#include "vixd/proc.h"

namespace toolboxd::vixd {

// The kernel lets a reader of a command line wait as long as the process changes its memory map or
// waits for a page of it, which can be as long as its user likes (a file system of the user's own).
// So a thread reads, and is left behind when it makes no progress: that process keeps the kernel's
// name, and no other process of that user is asked until the thread returns. None is asked either
// once the user's processes have made readers wait for kPatience in total, of which a hundredth of
// the time that passes is forgiven. A user may have many numbers (user namespaces), so all users
// but root and the own one also have kMaxStuck times kPatience together. Thread-safe.
class ProcessReader {
 public:
  using Arguments = std::function<void(ProcessInfo& process)>;

  // How long one process may take.
  static constexpr absl::Duration kPatience = absl::Milliseconds(100);
  // What a part may hold: about a thousand processes, or 32 with the longest command lines.
  static constexpr size_t kMaxPartBytes = 256 << 10;
  // The limit for threads that are left behind. Beyond it, no process is asked.
  static constexpr size_t kMaxStuck = 4;

  // `arguments` replaces ReadArguments() in tests. It may be called after the reader's end.
  explicit ProcessReader(Arguments arguments = ReadArguments);

  struct Part {
    std::vector<ProcessInfo> processes;
    // How many of the numbers it is of.
    size_t done = 0;
  };

  // Reads those of `pids` that exist, in order: the first ones, until they take kMaxPartBytes.
  Part Read(const std::vector<pid_t>& pids) const;

 private:
  struct Batch;
  struct Stuck;

  static void Work(const std::shared_ptr<Batch>& batch, const std::shared_ptr<Stuck>& stuck,
                   const Arguments& arguments);

  const Arguments arguments_;
  const std::shared_ptr<Stuck> stuck_;
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_PROCESS_READER_H_
