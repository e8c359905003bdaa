// SPDX-License-Identifier: Apache-2.0

// Reading a small file, or the start of one, into memory. Without Abseil.

#ifndef TOOLBOXD_BASE_SMALL_FILE_H_
#define TOOLBOXD_BASE_SMALL_FILE_H_

#include <cstddef>
#include <string>

namespace toolboxd {

// Reads at most `max_size` bytes from the start of a file into `text`, which is replaced. Also
// reads files of /proc, whose size is not known. Never waits for the other end of a FIFO. Returns
// 0, or the errno of the call that failed; `text` is then what was read before. Thread-safe.
int ReadSmallFile(const std::string& path, size_t max_size, std::string& text);

// The same, empty where the file cannot be read.
std::string ReadSmallFileOrEmpty(const std::string& path, size_t max_size);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_SMALL_FILE_H_
