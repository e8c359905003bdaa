// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>

namespace toolboxd::vixd {
namespace {

// The first line's fields, in the order of the structure, then the two strings' sizes.
constexpr char kFormat[] =
    "1 %d %" PRIu64 " %d %" PRIu64 " %" PRId64 " %" PRId64 " %d %d %d %d %zu %zu\n";

// Takes one number and the byte after it. After a failure `text` is empty and stays so.
template <typename Number>
Number Take(std::string_view& text, char end) {
  Number value = 0;
  const auto [next, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const size_t used = next - text.data();
  if (error != std::errc() || used >= text.size() || text[used] != end) {
    text = {};
    return 0;
  }
  text.remove_prefix(used + 1);
  return value;
}

}  // namespace

std::string EncodeRecord(const Record& record) {
  char line[256];
  const int size = snprintf(line, sizeof line, kFormat, record.pid, record.start_ticks, record.shim,
                            record.shim_ticks, record.start_time, record.end_time, record.exit_code,
                            record.with_io, record.cut_stdout, record.cut_stderr,
                            record.name.size(), record.command_line.size());
  std::string text(line, size);
  text += record.name;
  text += record.command_line;
  // Distinguishes a complete record from one that was cut within its strings.
  text += '\n';
  return text;
}

std::optional<Record> DecodeRecord(std::string_view text) {
  if (text.size() > kMaxRecordSize || Take<int>(text, ' ') != 1) return std::nullopt;
  Record record;
  record.pid = Take<pid_t>(text, ' ');
  record.start_ticks = Take<uint64_t>(text, ' ');
  record.shim = Take<pid_t>(text, ' ');
  record.shim_ticks = Take<uint64_t>(text, ' ');
  record.start_time = Take<int64_t>(text, ' ');
  record.end_time = Take<int64_t>(text, ' ');
  record.exit_code = Take<int>(text, ' ');
  record.with_io = Take<int>(text, ' ') != 0;
  record.cut_stdout = Take<int>(text, ' ') != 0;
  record.cut_stderr = Take<int>(text, ' ') != 0;
  const size_t name = Take<size_t>(text, ' ');
  const size_t command_line = Take<size_t>(text, '\n');
  if (name >= text.size() || command_line != text.size() - name - 1 || text.back() != '\n') {
    return std::nullopt;
  }
  // Not init either: signals are sent to these ids.
  if (record.pid <= 1 || record.shim <= 1) return std::nullopt;
  record.name = text.substr(0, name);
  record.command_line = text.substr(name, command_line);
  return record;
}

bool WriteRecord(int dir, const std::string& file, const Record& record) {
  const std::string text = EncodeRecord(record);
  const std::string temporary = file + ".tmp";
  // Not O_TRUNC: on a full file system the blocks of an existing file are still available.
  const int fd = openat(dir, temporary.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  const ssize_t size = static_cast<ssize_t>(text.size());
  const bool written = write(fd, text.data(), text.size()) == size && ftruncate(fd, size) == 0;
  close(fd);
  if (written && renameat(dir, temporary.c_str(), dir, file.c_str()) == 0) return true;
  if (!written) unlinkat(dir, temporary.c_str(), 0);
  if (!written) errno = ENOSPC;
  return false;
}

std::optional<Record> ReadRecord(int dir, const std::string& file) {
  const int fd = openat(dir, file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return std::nullopt;
  struct stat info;
  std::optional<Record> record;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
      static_cast<size_t>(info.st_size) <= kMaxRecordSize) {
    std::string text(info.st_size, '\0');
    if (read(fd, text.data(), text.size()) == info.st_size) record = DecodeRecord(text);
  }
  close(fd);
  return record;
}

}  // namespace toolboxd::vixd
