// SPDX-License-Identifier: Apache-2.0

#include "vixd/program_streams.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/process_handle.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "vixd/shim/command.h"

namespace toolboxd::vixd {
namespace {

// How long a reader waits for the program's end. Not as long as a request that transportd counts
// as slow (transportd/guest_operations/slow_services.h).
constexpr absl::Duration kWaitForEnd = absl::Milliseconds(400);

// How long a writer waits for a program that does not read. Less than the 5 s of transportd
// (transportd/files/grpc_file_store.h), so that the host gets this error and not a timeout.
constexpr absl::Duration kInputWait = absl::Seconds(3);

// Milliseconds between two checks whether the call was cancelled.
constexpr int kCancelPollMs = 100;

// Bytes of input between two checks of the limits.
constexpr size_t kPiece = 64 << 10;

// Returns early when the process ends; it need not be a child of this process.
void WaitForExit(pid_t pid, int timeout_ms) {
  const UniqueFd process = toolboxd::OpenProcess(pid);
  if (process.ok()) AwaitProcessEnd(process.get(), timeout_ms);
}

// The program's record when it has ended, or as it is after kWaitForEnd.
absl::StatusOr<Record> WaitForRecord(const ProgramTable& programs, const StreamPath& path,
                                     absl::FunctionRef<bool()> cancelled) {
  const absl::Time deadline = SteadyNow() + kWaitForEnd;
  for (;;) {
    absl::StatusOr<Record> program = FindProgramWithIo(programs, path);
    const absl::Duration left = deadline - SteadyNow();
    if (!program.ok() || program->ended() || left <= absl::ZeroDuration() || cancelled()) {
      return program;
    }
    const int64_t wait = std::min<int64_t>(absl::ToInt64Milliseconds(left), kCancelPollMs);
    WaitForExit(path.pid, static_cast<int>(wait));
    // The shim records the end a moment after the process has ended.
    absl::SleepFor(absl::Milliseconds(1));
  }
}

// A handle of the process that started at `start_ticks`; none if it has ended.
UniqueFd OpenProcess(pid_t pid, uint64_t start_ticks) {
  UniqueFd process = toolboxd::OpenProcess(pid);
  if (!IsAlive(pid, start_ticks)) process.reset();
  return process;
}

absl::Status InputClosed(pid_t pid) {
  return MakeError(v1::IO_ERROR,
                   absl::StrCat("the input of process ", pid, " is complete and takes no more"),
                   EPIPE);
}

}  // namespace

absl::StatusOr<Record> FindProgramWithIo(const ProgramTable& programs, const StreamPath& path) {
  std::optional<Record> program = programs.Find(path.pid);
  if (!program.has_value() || !program->with_io) {
    return MakeError(v1::NOT_FOUND,
                     absl::StrCat("no program with I/O has the process id ", path.pid));
  }
  return *std::move(program);
}

absl::StatusOr<OpenedOutput> OpenOutput(const ProgramTable& programs, const StreamPath& path,
                                        absl::FunctionRef<bool()> cancelled) {
  if (path.stream == StandardStream::kStdin) {
    const absl::StatusOr<Record> program = FindProgramWithIo(programs, path);
    if (!program.ok()) return program.status();
    return MakeError(v1::INVALID_ARGUMENT, absl::StrCat("standard input of process ", path.pid,
                                                        " can be written, not read"));
  }
  const absl::StatusOr<Record> program = WaitForRecord(programs, path, cancelled);
  if (!program.ok()) return program.status();
  if (!program->ended()) {
    return MakeError(v1::ACCESS_DENIED,
                     absl::StrCat("process ", path.pid,
                                  " still runs; its output can be read when it has ended"));
  }
  const bool errors = path.stream == StandardStream::kStderr;
  OpenedOutput output;
  const std::string file = programs.FilePath(path.pid, errors ? ".err" : ".out");
  output.file.reset(open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info;
  if (!output.file.ok() || fstat(output.file.get(), &info) != 0) return ErrnoError(errno, file);
  output.size = info.st_size;
  output.cut = errors ? program->cut_stderr : program->cut_stdout;
  return output;
}

absl::StatusOr<InputWriter> InputWriter::Open(const ProgramTable& programs, const StreamPath& path,
                                              InputLimits limits) {
  absl::StatusOr<Record> program = FindProgramWithIo(programs, path);
  if (!program.ok()) return program.status();
  if (path.stream != StandardStream::kStdin) {
    return MakeError(v1::INVALID_ARGUMENT,
                     absl::StrCat("output of process ", path.pid, " can be read, not written"));
  }
  const std::string name = programs.FilePath(path.pid, ".in");
  UniqueFd file(open(name.c_str(), O_WRONLY | O_APPEND | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  const int error = file.ok() ? 0 : errno;
  UniqueFd shim = OpenProcess(program->shim, program->shim_ticks);
  // An earlier writer has committed, the shim was killed, or the program has ended.
  if (error == ENOENT || !shim.ok()) {
    program = FindProgramWithIo(programs, path);
    if (!program.ok()) return program.status();
    if (!program->ended()) return InputClosed(path.pid);
  } else if (error != 0 && error != EACCES) {
    return ErrnoError(error, name);
  }
  // EACCES: the program no longer reads.
  return InputWriter(std::move(shim), std::move(file), limits,
                     StreamBudget(programs.directory(), limits.spool));
}

absl::Status InputWriter::HasCapacity(off_t waiting, off_t size) {
  if (waiting >= limits_.waiting) {
    return MakeError(v1::BUSY, absl::StrCat("the program does not read its input, and ",
                                            limits_.waiting, " bytes of it wait (--input_limit)"));
  }
  if (!budget_.MayGrow(size))
    return MakeError(
        v1::NO_SPACE,
        "the input exceeds the space for streams of programs (--spool_limit, and a quarter of the "
        "runtime directory's file system)");
  return absl::OkStatus();
}

absl::Status InputWriter::WaitForCapacity(absl::FunctionRef<bool()> cancelled) {
  const absl::Time deadline = SteadyNow() + kInputWait;
  for (;;) {
    struct stat info;
    if (fstat(file_.get(), &info) != 0) return ErrnoError(errno, "cannot examine the input file");
    if (info.st_nlink == 0 || (info.st_mode & S_IWUSR) == 0) {
      file_.reset();
      return absl::OkStatus();
    }
    // Blocks that the program has read are released.
    absl::Status status = HasCapacity(static_cast<off_t>(info.st_blocks) * 512, info.st_size);
    if (status.ok() || SteadyNow() >= deadline) return status;
    if (cancelled()) return absl::CancelledError("the caller cancelled the write");
    absl::SleepFor(absl::Milliseconds(kCancelPollMs));
  }
}

absl::Status InputWriter::Write(absl::string_view bytes, absl::FunctionRef<bool()> cancelled) {
  while (!bytes.empty() && file_.ok()) {
    if (absl::Status status = WaitForCapacity(cancelled); !status.ok()) return status;
    if (!file_.ok()) break;
    const ssize_t written = write(file_.get(), bytes.data(), std::min(bytes.size(), kPiece));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError(errno, "cannot append to the input file");
    bytes.remove_prefix(written);
    SignalShim(kInputSignal);
  }
  return absl::OkStatus();
}

void InputWriter::SignalShim(int number) {
  if (shim_.ok()) SignalProcessOf(shim_.get(), number);
}

void InputWriter::Commit() {
  file_.reset();
  SignalShim(kCloseInputSignal);
}

}  // namespace toolboxd::vixd
