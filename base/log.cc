// SPDX-License-Identifier: Apache-2.0

#include "base/log.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "base/held_lines.h"
#include "base/log_limiter.h"
#include "base/steady_time.h"
#include "base/utf8.h"
#include "base/write_now.h"

namespace toolboxd {
namespace {

constexpr size_t kMaxText = 4096;

// Shared by the whole process. Leaked: threads may log while the process ends.
struct LogState {
  std::atomic<LogLevel> level{LogLevel::kInfo};
  LogLimiter limiter;
  absl::Mutex mutex;
  LogFormat format ABSL_GUARDED_BY(mutex);
  bool hold ABSL_GUARDED_BY(mutex) = false;
  HeldLines held ABSL_GUARDED_BY(mutex);
};

LogState& State() {
  static LogState& state = *new LogState;
  return state;
}

int Priority(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return 7;
    case LogLevel::kInfo:
      return 6;
    case LogLevel::kNotice:
      return 5;
    case LogLevel::kWarning:
      return 4;
    case LogLevel::kError:
      return 3;
  }
  return 3;
}

void AppendEscaped(absl::string_view text, std::string* line) {
  static constexpr char kHex[] = "0123456789abcdef";
  while (!text.empty()) {
    const size_t length = PrintableLength({text.data(), text.size()});
    if (length > 0) {
      line->append(text.data(), length);
      text.remove_prefix(length);
      continue;
    }
    const unsigned char byte = text[0];
    if (byte == '\n') {
      line->append("\\n");
    } else if (byte == '\t') {
      line->append("\\t");
    } else {
      line->append({'\\', 'x', kHex[byte >> 4], kHex[byte & 15]});
    }
    text.remove_prefix(1);
  }
}

bool WriteNow(absl::string_view line) {
  return toolboxd::WriteNow(STDERR_FILENO, {line.data(), line.size()});
}

void WriteHeld(LogState& state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state.mutex) {
  while (!state.held.empty() && WriteNow(state.held.front())) state.held.Pop();
  if (!state.held.empty()) return;
  const size_t dropped = state.held.TakeDropped();
  if (dropped == 0) return;
  state.held.Add(
      FormatLogLine(state.format, LogLevel::kWarning,
                    absl::StrCat(dropped, " lines of the log were dropped while it was held")));
  if (WriteNow(state.held.front())) state.held.Pop();
}

void WriteHeldAtExit() {
  LogState& state = State();
  absl::MutexLock lock(&state.mutex);
  WriteHeld(state);
}

}  // namespace

void InitLog(absl::string_view program, LogLevel level) {
  LogState& state = State();
  SetLogLevel(level);
  absl::MutexLock lock(&state.mutex);
  state.format.program = std::string(program);
  state.format.journal = IsJournal(getenv("JOURNAL_STREAM"), STDERR_FILENO);
  static const bool at_exit = std::atexit(&WriteHeldAtExit) == 0;
  (void)at_exit;
}

void SetLogLevel(LogLevel level) { State().level.store(level, std::memory_order_relaxed); }

bool LogEnabled(LogLevel level) { return level >= State().level.load(std::memory_order_relaxed); }

absl::string_view LogLevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kNotice:
      return "notice";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

std::optional<LogLevel> ParseLogLevel(absl::string_view name) {
  for (LogLevel candidate : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kNotice,
                             LogLevel::kWarning, LogLevel::kError}) {
    if (name == LogLevelName(candidate)) return candidate;
  }
  return std::nullopt;
}

bool IsJournal(const char* journal_stream, int fd) {
  if (journal_stream == nullptr) return false;
  const std::vector<absl::string_view> parts =
      absl::StrSplit(absl::string_view(journal_stream), ':');
  uint64_t device = 0;
  uint64_t inode = 0;
  struct stat info;
  return parts.size() == 2 && absl::SimpleAtoi(parts[0], &device) &&
         absl::SimpleAtoi(parts[1], &inode) && fstat(fd, &info) == 0 && info.st_dev == device &&
         info.st_ino == inode;
}

std::string FormatLogLine(const LogFormat& format, LogLevel level, absl::string_view text) {
  std::string line =
      format.journal
          ? absl::StrCat("<", Priority(level), ">")
          : absl::StrCat(format.program, ": ", level == LogLevel::kInfo ? "" : LogLevelName(level),
                         level == LogLevel::kInfo ? "" : ": ");
  AppendEscaped(text.substr(0, kMaxText), &line);
  if (text.size() > kMaxText) line += "...";
  line += '\n';
  return line;
}

void LogText(LogLevel level, absl::string_view text) {
  if (!LogEnabled(level)) return;
  LogState& state = State();
  std::string line;
  {
    absl::MutexLock lock(&state.mutex);
    line = FormatLogLine(state.format, level, text);
    if (state.hold || !state.held.empty()) {
      state.held.Add(std::move(line));
      if (!state.hold) WriteHeld(state);
      return;
    }
  }
  if (WriteNow(line)) return;
  absl::MutexLock lock(&state.mutex);
  state.held.Add(std::move(line));
}

void HoldLog() {
  LogState& state = State();
  absl::MutexLock lock(&state.mutex);
  state.hold = true;
}

void ReleaseLog() {
  LogState& state = State();
  absl::MutexLock lock(&state.mutex);
  state.hold = false;
  WriteHeld(state);
}

void LogTextLimited(LogLevel level, absl::string_view kind, absl::string_view text) {
  if (!LogEnabled(level)) return;
  const LogLimiter::Verdict verdict = State().limiter.Ask(kind, SteadyNow());
  if (!verdict.pass) return;
  if (verdict.suppressed == 0) {
    LogText(level, text);
  } else {
    LogText(level, absl::StrCat(text, " (", verdict.suppressed, " more like this before)"));
  }
}

}  // namespace toolboxd
