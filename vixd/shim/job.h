// SPDX-License-Identifier: Apache-2.0

// What vixd asks a shim to start, and how it gets there.

#ifndef TOOLBOXD_VIXD_SHIM_JOB_H_
#define TOOLBOXD_VIXD_SHIM_JOB_H_

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace toolboxd::vixd {

// A program's arguments and variables come in one message of 64 KiB; the user's own
// variables are added to them.
inline constexpr size_t kMaxJobSize = 1 << 20;

// Strings are bytes without NUL, except in `name` and `command_line`, which are only shown.
struct ShimJob {
  // Whether the program's streams are kept in files, and at most how many bytes of each
  // output stream.
  bool with_io = false;
  int64_t output_limit = 0;
  // What the streams of all programs of the user may take (room.h).
  int64_t spool_limit = 0;
  // For the record (record.h).
  std::string name;
  std::string command_line;
  // Where the program starts.
  std::string directory;
  // SHELL -c SCRIPT is what runs, with `environment`, "NAME=VALUE" each.
  std::string shell;
  std::string script;
  std::vector<std::string> environment;
  // What the shell would execute in the end, where that is known beforehand; empty where only
  // the shell knows. Tried first, with `direct_environment` in addition.
  std::vector<std::string> direct;
  std::vector<std::string> direct_environment;

  bool operator==(const ShimJob&) const = default;
};

// A job on the way: u32 size of what follows, then the structure's fields, integers as they
// are in memory (both ends are this machine), a string as u32 size and bytes, a list as u32
// count and strings. Empty where that would exceed kMaxJobSize.
std::string EncodeJob(const ShimJob& job);

// `text` without the size in front. Fails for anything but exactly one job.
std::optional<ShimJob> DecodeJob(std::string_view text);

// Reads one job from a stream. Nothing at its end, after an error, and for what is no job:
// the sender cannot be understood any more.
std::optional<ShimJob> ReceiveJob(int stream);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_JOB_H_
