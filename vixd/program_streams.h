// SPDX-License-Identifier: Apache-2.0

// Standard streams of programs with I/O, under /proc/<pid>/std{in,out,err}.

#ifndef TOOLBOXD_VIXD_PROGRAM_STREAMS_H_
#define TOOLBOXD_VIXD_PROGRAM_STREAMS_H_

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"
#include "vixd/program_table.h"
#include "vixd/shim/disk_budget.h"

namespace toolboxd::vixd {

enum class Stream { kInput, kOutput, kErrors };

struct StreamPath {
  pid_t pid = 0;
  Stream stream = Stream::kInput;
};

// Exactly "/proc/<pid>/stdin", "stdout" or "stderr"; nothing for any other path.
std::optional<StreamPath> ParseStreamPath(absl::string_view path);

// A readable stream of a program that has ended.
struct OpenedOutput {
  UniqueFd file;
  uint64_t size = 0;
  // The program wrote more than was kept.
  bool cut = false;
};

// The program of the path. NOT_FOUND where there is none with I/O: the path may then be one
// of the real file system.
absl::StatusOr<Record> FindProgramWithIo(const ProgramTable& programs, const StreamPath& path);

// Waits at most a second for the program's end: more would hold the hypervisor's channel.
// ACCESS_DENIED while it runs, which clients take as "try again"; docs/protocol/hgfs.md 5.9.
// INVALID_ARGUMENT for stdin.
absl::StatusOr<OpenedOutput> OpenOutput(const ProgramTable& programs, const StreamPath& path,
                                        absl::FunctionRef<bool()> cancelled);

struct InputLimits {
  // Bytes of input that may wait for a program.
  off_t waiting = 0;
  // What the streams of all programs of the user may take (shim/room.h).
  off_t spool = 0;
};

// The input of a program. Bytes wait in a file until the program reads them (shim/feed.h), so that
// one which reads late keeps nobody waiting. As in a shell's pipeline it is no failure if a
// program ends, or closes its input, before it has read everything: the rest is dropped.
class InputWriter {
 public:
  // INVALID_ARGUMENT for stdout and stderr; IO_ERROR where an earlier writer has committed and
  // the program still runs.
  static absl::StatusOr<InputWriter> Open(const ProgramTable& programs, const StreamPath& path,
                                          InputLimits limits);

  // Where the limits are reached it waits for the program for three seconds, which transportd
  // does too; then BUSY or NO_SPACE.
  absl::Status Write(absl::string_view bytes, absl::FunctionRef<bool()> cancelled);

  // The program reads the end of its input after what was written. Without this the input
  // stays open for another writer.
  void Commit();

 private:
  InputWriter(UniqueFd shim, UniqueFd file, InputLimits limits, StreamRoom room)
      : shim_(std::move(shim)), file_(std::move(file)), limits_(limits), room_(room) {}

  // Whether more may be appended now; what is wrong otherwise.
  absl::Status HasRoom(off_t waiting, off_t size);
  absl::Status WaitForRoom(absl::FunctionRef<bool()> cancelled);
  void SignalShim(int number);

  // A pidfd; none where the shim has gone.
  UniqueFd shim_;
  // Closed where nobody reads any more.
  UniqueFd file_;
  InputLimits limits_;
  StreamRoom room_;
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_PROGRAM_STREAMS_H_
