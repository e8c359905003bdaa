// SPDX-License-Identifier: Apache-2.0

// The record of a started program: a small file that outlives vixd.
//
// In the user's directory of records, for a program with process id PID:
//   PID      written when the program has started
//   PID.end  takes its place when the program has ended; removed five minutes later
//   PID.in   what waits to be read by a program with I/O, until its input is closed (feed.h)
//   PID.rest the same from then on, until the program has read it
//   PID.out, PID.err  what such a program has written
// Files are made under another name and renamed: whoever reads one reads all of it.

#ifndef TOOLBOXD_VIXD_SHIM_RECORD_H_
#define TOOLBOXD_VIXD_SHIM_RECORD_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace toolboxd::vixd {

// How long an ended program is remembered.
inline constexpr int kKeepSeconds = 5 * 60;

// A record file is never larger; a program's arguments come in one message of 64 KiB.
inline constexpr size_t kMaxRecordSize = 256 * 1024;

struct Record {
  pid_t pid = 0;
  // With the id, identifies the process (process_stat.h). 0 if it ended at once.
  uint64_t start_ticks = 0;
  // The shim that holds the program.
  pid_t shim = 0;
  uint64_t shim_ticks = 0;
  // Seconds since 1970; end_time is 0 while the program runs.
  int64_t start_time = 0;
  int64_t end_time = 0;
  // -1 where a signal ended the program.
  int exit_code = 0;
  bool with_io = false;
  // The output reached its limit, or there was no room for it; the rest of it is lost.
  bool cut_stdout = false;
  bool cut_stderr = false;
  // Base name of the program, and the command line as the host gave it. Any bytes.
  std::string name;
  std::string command_line;

  bool ended() const { return end_time != 0; }
  bool operator==(const Record&) const = default;
};

std::string EncodeRecord(const Record& record);

// Fails for anything but exactly one record.
std::optional<Record> DecodeRecord(std::string_view text);

// Makes or replaces DIR/`file`, by way of `file`.tmp, which may be there. False and errno.
bool WriteRecord(int dir, const std::string& file, const Record& record);

std::optional<Record> ReadRecord(int dir, const std::string& file);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_RECORD_H_
