// SPDX-License-Identifier: Apache-2.0

// The record of a started program: a small file that outlives vixd.
//
// In the user's directory of records, for a program with process id PID:
//   PID      written when the program has started
//   PID.end  replaces it when the program has ended; removed kRetentionSeconds later
//   PID.in   input that a program with I/O has not read yet, until the input is closed (feed.h)
//   PID.rest the same after the input was closed, until the program has read it
//   PID.out, PID.err  output of such a program
// A record is written under another name and renamed, so that a reader always finds all of it.

#ifndef TOOLBOXD_VIXD_SHIM_RECORD_H_
#define TOOLBOXD_VIXD_SHIM_RECORD_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace toolboxd::vixd {

// How long the record and the output of a program are kept after its end.
inline constexpr int kRetentionSeconds = 5 * 60;

// Bytes of a record file at most: a program's arguments arrive in one message of 64 KiB.
inline constexpr size_t kMaxRecordSize = 256 * 1024;

struct Record {
  pid_t pid = 0;
  // Identifies the process together with its id (base/process_stat.h). 0 if it had ended already.
  uint64_t start_ticks = 0;
  // The shim that holds the program.
  pid_t shim = 0;
  uint64_t shim_ticks = 0;
  // Seconds since 1970; end_time is 0 while the program runs.
  int64_t start_time = 0;
  int64_t end_time = 0;
  // -1 if a signal ended the program.
  int exit_code = 0;
  bool with_io = false;
  // Whether output was discarded, by the limit of the stream or the user's budget.
  bool cut_stdout = false;
  bool cut_stderr = false;
  // The program's base name, and the command line as received from the host. Any bytes.
  std::string name;
  std::string command_line;

  bool ended() const { return end_time != 0; }
  bool operator==(const Record&) const = default;
};

// The text of a record, as DecodeRecord() reads it.
std::string EncodeRecord(const Record& record);

// Empty for anything but exactly one record.
std::optional<Record> DecodeRecord(std::string_view text);

// Creates or replaces `file` in the directory `dir`, by way of `file`.tmp, which may exist.
// False and errno; ENOSPC for a record that could not be written completely.
bool WriteRecord(int dir, const std::string& file, const Record& record);

// Empty if there is no such regular file, or it is not a record.
std::optional<Record> ReadRecord(int dir, const std::string& file);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_RECORD_H_
