// SPDX-License-Identifier: Apache-2.0

// What is done once between two boots, however often the process starts.

#ifndef TOOLBOXD_TRANSPORTD_HOST_TIME_ONCE_PER_BOOT_H_
#define TOOLBOXD_TRANSPORTD_HOST_TIME_ONCE_PER_BOOT_H_

#include <string>
#include <utility>

namespace toolboxd::host_time {

// Remembers it by an empty file, in a folder that does not outlive the boot. Not thread-safe.
class OncePerBoot {
 public:
  explicit OncePerBoot(std::string path) : path_(std::move(path)) {}

  bool done() const;

  // Makes the file, and its folder if that is missing. If that fails, which is logged, this object
  // remembers it, and the next process does not.
  void SetDone();

 private:
  const std::string path_;
  bool done_ = false;
};

}  // namespace toolboxd::host_time

#endif  // TOOLBOXD_TRANSPORTD_HOST_TIME_ONCE_PER_BOOT_H_
