// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/shim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "base/process_stat.h"
#include "vixd/shim/command.h"
#include "vixd/shim/disk_budget.h"
#include "vixd/shim/feed.h"
#include "vixd/shim/program.h"
#include "vixd/shim/record.h"
#include "vixd/shim/signals.h"
#include "vixd/shim/spool.h"

namespace toolboxd::vixd {
namespace {

// Milliseconds since boot.
int64_t Now() {
  timespec now;
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec * int64_t{1000} + now.tv_nsec / 1'000'000;
}

// A running program, from the first version of its record to the last.
class Watch {
 public:
  Watch(int dir, Record record) : dir_(dir), record_(std::move(record)) {}

  std::string File(const char* suffix) const { return std::to_string(record_.pid) + suffix; }

  // Makes the record and the streams' files, before the process id is reported. False and errno.
  bool Begin(const ProgramIo& io, const ShimJob& job);
  // Kills the program and removes its files.
  void Abort();
  // Returns when the program and its output have ended, or SIGTERM asked for an earlier end.
  ShimEnd Run(int signals);

 private:
  void TakeSignals(int signals);
  void Reap();
  void WriteEnd();
  void MoveInput();
  void CloseInput();
  void DropInput();
  int OpenFile(const char* suffix) const;
  int TimeoutMs() const;

  const int dir_;
  Record record_;
  std::optional<Feed> input_;
  bool input_closed_ = false;
  std::optional<Spool> output_;
  std::optional<Spool> errors_;
  bool ended_ = false;
  bool stop_requested_ = false;
  // In milliseconds since boot; 0 for never.
  int64_t kill_at_ = 0;
  int64_t drop_at_ = 0;
};

int Watch::OpenFile(const char* suffix) const {
  return openat(dir_, File(suffix).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
}

bool Watch::Begin(const ProgramIo& io, const ShimJob& job) {
  // An earlier program, which ended minutes ago, may have had the same process id.
  for (const char* suffix : {".end", ".in", ".rest", ".out", ".err"}) {
    unlinkat(dir_, File(suffix).c_str(), 0);
  }
  if (record_.with_io) {
    const StreamBudget budget(dir_, job.spool_limit);
    const int input = OpenFile(".in");
    const int output = OpenFile(".out");
    const int errors = OpenFile(".err");
    const bool opened = input >= 0 && output >= 0 && errors >= 0;
    input_.emplace(input, io.input);
    output_.emplace(io.output, output, job.output_limit, budget);
    errors_.emplace(io.errors, errors, job.output_limit, budget);
    if (!opened) return false;
  }
  return WriteRecord(dir_, File(""), record_);
}

void Watch::Abort() {
  SignalGroup(record_.pid, SIGKILL);
  waitpid(record_.pid, nullptr, 0);
  for (const char* suffix : {"", ".in", ".out", ".err"}) unlinkat(dir_, File(suffix).c_str(), 0);
}

ShimEnd Watch::Run(int signals) {
  for (;;) {
    MoveInput();
    const bool output = output_.has_value() && output_->Move();
    const bool errors = errors_.has_value() && errors_->Move();
    if (ended_ && stop_requested_) return ShimEnd::kStopRequested;
    if (ended_ && !output && !errors && kill_at_ == 0) return ShimEnd::kProgramEnded;

    pollfd items[] = {{signals, POLLIN, 0},
                      {output ? output_->pipe() : -1, POLLIN, 0},
                      {errors ? errors_->pipe() : -1, POLLIN, 0},
                      {input_.has_value() ? input_->pipe() : -1, 0, 0}};
    if (input_.has_value() && input_->waiting()) items[3].events = POLLOUT;
    poll(items, 4, TimeoutMs());
    if ((items[3].revents & POLLERR) != 0) input_->Abandon();
    if (items[0].revents != 0) TakeSignals(signals);
    if (kill_at_ != 0 && Now() >= kill_at_) {
      SignalGroup(record_.pid, SIGKILL);
      kill_at_ = 0;
    }
    // The record is gone: what a background process still writes cannot be read any more.
    if (drop_at_ != 0 && Now() >= drop_at_) {
      if (output_.has_value()) output_->StopKeeping();
      if (errors_.has_value()) errors_->StopKeeping();
      drop_at_ = 0;
    }
  }
}

int Watch::TimeoutMs() const {
  int64_t next = kill_at_;
  if (drop_at_ != 0 && (next == 0 || drop_at_ < next)) next = drop_at_;
  if (next == 0) return -1;
  return static_cast<int>(std::max<int64_t>(next - Now(), 0)) + 1;
}

void Watch::TakeSignals(int signals) {
  signalfd_siginfo signal;
  while (read(signals, &signal, sizeof signal) == sizeof signal) {
    switch (signal.ssi_signo) {
      case SIGCHLD:
        Reap();
        break;
      case kCloseInputSignal:
        CloseInput();
        break;
      case kKillLaterSignal:
        if (kill_at_ == 0) kill_at_ = Now() + kKillSeconds * 1000;
        break;
      case SIGTERM:
        // The shim still waits for the program's end, but for nothing after it.
        stop_requested_ = true;
        break;
      default:
        break;
    }
  }
}

void Watch::Reap() {
  int status;
  if (ended_ || waitpid(record_.pid, &status, WNOHANG) != record_.pid) return;
  ended_ = true;
  // All output is in the files before the end is recorded.
  if (output_.has_value()) output_->Move();
  if (errors_.has_value()) errors_->Move();
  record_.end_time = time(nullptr);
  record_.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  record_.cut_stdout = output_.has_value() && output_->cut();
  record_.cut_stderr = errors_.has_value() && errors_->cut();
  WriteEnd();
  // After the record: a writer that finds no input file must be able to see the end.
  DropInput();
  drop_at_ = Now() + kRetentionSeconds * 1000;
  // An empty group's id may be given to another process.
  if (!SignalGroup(record_.pid, 0) && errno == ESRCH) kill_at_ = 0;
}

void Watch::WriteEnd() {
  if (!WriteRecord(dir_, File(".end"), record_)) {
    // The file system is full: use the blocks of the running record.
    renameat(dir_, File("").c_str(), dir_, File(".end.tmp").c_str());
    WriteRecord(dir_, File(".end"), record_);
  }
  unlinkat(dir_, File("").c_str(), 0);
}

void Watch::MoveInput() {
  if (!input_.has_value()) return;
  input_->Move();
  if (input_closed_ && input_->pipe() < 0) DropInput();
}

void Watch::CloseInput() {
  if (!input_.has_value()) return;
  // The file stays, and counts in the user's budget, until the program has read it.
  renameat(dir_, File(".in").c_str(), dir_, File(".rest").c_str());
  input_closed_ = true;
  input_->Commit();
}

void Watch::DropInput() {
  for (const char* suffix : {".in", ".rest"}) unlinkat(dir_, File(suffix).c_str(), 0);
  input_.reset();
}

// A signalfd. The signals stay blocked in this process; the program gets an empty mask.
int OpenSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number :
       {SIGCHLD, kInputSignal, kCloseInputSignal, kKillLaterSignal, SIGTERM, SIGINT, SIGHUP}) {
    sigaddset(&set, number);
  }
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void Report(const StartReport& report) {
  (void)!write(kShimDescriptor, &report, sizeof report);
  close(kShimDescriptor);
}

}  // namespace

ShimEnd RunShim(const std::string& records, const ShimJob& job) {
  const int signals = OpenSignals();
  const int dir = open(records.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ProgramIo io;
  Record record;
  record.start_time = time(nullptr);
  record.pid = -1;
  if (signals >= 0 && dir >= 0 && chdir(job.directory.c_str()) == 0) {
    if (HasCapacityForRecord(dir)) {
      record.pid = StartProgram(job, job.with_io ? &io : nullptr);
    } else {
      errno = ENOSPC;
    }
  }
  if (record.pid < 0) {
    Report({0, errno});
    return ShimEnd::kNothingStarted;
  }
  // A vixd that ends before the report must not end this process. Not before the program's start:
  // the program would inherit the setting.
  signal(SIGPIPE, SIG_IGN);
  record.start_ticks = StartTicks(record.pid);
  record.shim = getpid();
  record.shim_ticks = StartTicks(record.shim);
  record.with_io = job.with_io;
  record.name = job.name;
  record.command_line = job.command_line;

  const pid_t pid = record.pid;
  Watch watch(dir, std::move(record));
  if (!watch.Begin(io, job)) {
    const int error = errno;
    watch.Abort();
    Report({0, error});
    return ShimEnd::kNothingStarted;
  }
  Report({pid, 0});
  // Do not keep a file system busy that the program has left.
  (void)!chdir("/");
  return watch.Run(signals);
}

}  // namespace toolboxd::vixd
