// SPDX-License-Identifier: Apache-2.0

#include "transportd/host_time/once_per_boot.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/status.h"
#include "base/unique_fd.h"

namespace toolboxd::host_time {

bool OncePerBoot::done() const {
  struct stat info;
  return done_ || lstat(path_.c_str(), &info) == 0;
}

void OncePerBoot::SetDone() {
  if (done()) return;
  done_ = true;
  mkdir(path_.substr(0, path_.rfind('/')).c_str(), 0700);
  const UniqueFd fd(open(path_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
  if (fd.ok()) return;
  const absl::Status error = ErrnoError(errno, absl::StrCat("cannot create ", path_));
  LogWarning(error.message(), "; the clock may be stepped again when transportd starts again");
}

}  // namespace toolboxd::host_time
