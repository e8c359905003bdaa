// SPDX-License-Identifier: Apache-2.0

// Standard streams of programs with I/O, under /proc/<pid>/std{in,out,err}
// (docs/protocol/hgfs.md 5.9).

#ifndef TOOLBOXD_VIXD_PROGRAM_STREAMS_H_
#define TOOLBOXD_VIXD_PROGRAM_STREAMS_H_

#include <sys/types.h>

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/stream_path.h"
#include "base/unique_fd.h"
#include "vixd/program_table.h"
#include "vixd/shim/disk_budget.h"

namespace toolboxd::vixd {

// A readable stream of a program that has ended.
struct OpenedOutput {
  UniqueFd file;
  uint64_t size = 0;
  // Whether the program wrote more than was kept.
  bool cut = false;
};

// Finds the program of the path. NOT_FOUND if no program with I/O has this id: the path may still
// exist in the file system.
absl::StatusOr<Record> FindProgramWithIo(const ProgramTable& programs, const StreamPath& path);

// Opens stdout or stderr. Waits up to 400 ms for the program's end: waiting longer would block the
// hypervisor's channel. ACCESS_DENIED if the program still runs, which clients take as "try
// again" (docs/protocol/hgfs.md 5.9); INVALID_ARGUMENT for stdin.
absl::StatusOr<OpenedOutput> OpenOutput(const ProgramTable& programs, const StreamPath& path,
                                        absl::FunctionRef<bool()> cancelled);

struct InputLimits {
  // Bytes of input that may wait until one program reads them.
  off_t waiting = 0;
  // Bytes that the streams of all programs of the user may take (shim/disk_budget.h).
  off_t spool = 0;
};

// The input of a program. Bytes wait in a file until the program reads them (shim/feed.h), so the
// writer does not wait for the program. As in a shell's pipeline it is not an error if the program
// ends, or closes its input, before it has read everything: the rest is discarded.
// Not thread-safe.
class InputWriter {
 public:
  // INVALID_ARGUMENT for stdout and stderr; IO_ERROR if an earlier writer has committed and the
  // program still runs.
  static absl::StatusOr<InputWriter> Open(const ProgramTable& programs, const StreamPath& path,
                                          InputLimits limits);

  // Appends all of `bytes`. While a limit is reached it waits for the program to read, up to 3 s,
  // which is less than the 5 s that transportd waits for it; then BUSY (`waiting`) or NO_SPACE
  // (`spool`).
  absl::Status Write(absl::string_view bytes, absl::FunctionRef<bool()> cancelled);

  // The input is complete: the program finds its end after what was written. Without this the
  // input stays open for another writer.
  void Commit();

 private:
  InputWriter(UniqueFd shim, UniqueFd file, InputLimits limits, StreamBudget budget)
      : shim_(std::move(shim)), file_(std::move(file)), limits_(limits), budget_(budget) {}

  // OK if more may be appended now, the error that Write returns otherwise. `waiting` bytes of a
  // file of `size` bytes have not been read.
  absl::Status HasCapacity(off_t waiting, off_t size);
  absl::Status WaitForCapacity(absl::FunctionRef<bool()> cancelled);
  void SignalShim(int number);

  // A handle of the shim (base/process_handle.h); none if it has ended.
  UniqueFd shim_;
  // Closed when the program no longer reads.
  UniqueFd file_;
  InputLimits limits_;
  StreamBudget budget_;
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_PROGRAM_STREAMS_H_
