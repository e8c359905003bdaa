// SPDX-License-Identifier: Apache-2.0

// ShimJob: the program that a shim is to start, and its encoding on the socket.

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

// Bytes of an encoded job. A program's arguments and variables arrive in one message of 64 KiB;
// the rest is for the user's own variables.
inline constexpr size_t kMaxJobSize = 1 << 20;

// Strings are bytes without NUL, except `name` and `command_line`, which only go into the record.
struct ShimJob {
  // Whether the program's streams are kept in files, and the bytes kept of each output stream.
  bool with_io = false;
  int64_t output_limit = 0;
  // Bytes that the streams of all programs of the user may take (disk_budget.h).
  int64_t spool_limit = 0;
  // For the record (record.h).
  std::string name;
  std::string command_line;
  // The program's working directory.
  std::string directory;
  // The shim runs SHELL -c SCRIPT with `environment`, "NAME=VALUE" each.
  std::string shell;
  std::string script;
  std::vector<std::string> environment;
  // The arguments that the shell would execute in the end, if that is known beforehand; empty
  // otherwise. Executed first, with `direct_environment` in addition to `environment`.
  std::vector<std::string> direct;
  std::vector<std::string> direct_environment;

  bool operator==(const ShimJob&) const = default;
};

// u32 size of the rest, then the structure's fields. Integers are in host byte order: both ends are
// this machine. A string is a u32 size and its bytes, a list a u32 count and its strings. Returns
// an empty string for a job that would exceed kMaxJobSize.
std::string EncodeJob(const ShimJob& job);

// Decodes what follows the size. Empty for anything but exactly one job.
std::optional<ShimJob> DecodeJob(std::string_view text);

// Reads one job from a stream. Empty at the stream's end, after an error, and for bytes that are
// not a job; nothing after those can be decoded.
std::optional<ShimJob> ReceiveJob(int stream);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_JOB_H_
