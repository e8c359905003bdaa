// SPDX-License-Identifier: Apache-2.0

// The log: one line a message on standard error.
//
// Under systemd (JOURNAL_STREAM names standard error) a line begins with "<N>", the syslog
// priority that the journal understands; otherwise with the program's name. Each line is one
// write(2), so lines of threads and processes never mix. What is not printable (base/utf8.h) is
// escaped: text of a hostile host or caller cannot make a second line or a terminal command, nor
// have journalctl hide its line. All functions are thread-safe, and none waits for a reader: while
// the journal stands still, lines are kept in memory (base/held_lines.h). They are written in
// order, before a later line or at exit, with one line about those that were dropped.

#ifndef TOOLBOXD_BASE_LOG_H_
#define TOOLBOXD_BASE_LOG_H_

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace toolboxd {

enum class LogLevel { kDebug, kInfo, kNotice, kWarning, kError };

// What a line of the log looks like; the defaults hold until InitLog.
struct LogFormat {
  std::string program = "toolboxd";
  bool journal = false;
};

// Names the program, sets the level, and reads JOURNAL_STREAM. Call it once, early in main.
void InitLog(absl::string_view program, LogLevel level);

// Messages below this level are dropped; kInfo at first.
void SetLogLevel(LogLevel level);
bool LogEnabled(LogLevel level);

// "debug", "info", "notice", "warning", "error".
absl::string_view LogLevelName(LogLevel level);
std::optional<LogLevel> ParseLogLevel(absl::string_view name);

// Writes a line, if the level is enabled.
void LogText(LogLevel level, absl::string_view text);

// Writes once per kind and minute; the next line of that kind says how many were suppressed.
void LogTextLimited(LogLevel level, absl::string_view kind, absl::string_view text);

// While file systems are frozen the journal may wait for one: between these two calls lines are
// kept in memory. Afterwards they are written, as far as standard error takes them. A process that
// is killed meanwhile loses them.
void HoldLog();
void ReleaseLog();

// The line that LogText writes, with its newline; at most 4 KiB of text are kept.
std::string FormatLogLine(const LogFormat& format, LogLevel level, absl::string_view text);

// Whether an environment's JOURNAL_STREAM ("DEVICE:INODE") names this descriptor.
bool IsJournal(const char* journal_stream, int fd);

// Arguments are those of absl::StrCat and are only put together if the level is enabled.
template <typename... Args>
void Log(LogLevel level, const Args&... args) {
  if (LogEnabled(level)) LogText(level, absl::StrCat(args...));
}
template <typename... Args>
void LogDebug(const Args&... args) {
  Log(LogLevel::kDebug, args...);
}
template <typename... Args>
void LogInfo(const Args&... args) {
  Log(LogLevel::kInfo, args...);
}
template <typename... Args>
void LogNotice(const Args&... args) {
  Log(LogLevel::kNotice, args...);
}
template <typename... Args>
void LogWarning(const Args&... args) {
  Log(LogLevel::kWarning, args...);
}
template <typename... Args>
void LogError(const Args&... args) {
  Log(LogLevel::kError, args...);
}

// A warning about input, limited by kind. The kind is a constant of the program, never input.
template <typename... Args>
void LogLimited(absl::string_view kind, const Args&... args) {
  if (LogEnabled(LogLevel::kWarning)) {
    LogTextLimited(LogLevel::kWarning, kind, absl::StrCat(args...));
  }
}

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_LOG_H_
