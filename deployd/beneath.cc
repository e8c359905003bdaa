// SPDX-License-Identifier: Apache-2.0

#include "deployd/beneath.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace toolboxd::deployd {
namespace {

std::string LastComponent(const std::string& name) { return name.substr(name.rfind('/') + 1); }

enum class Missing { kMake, kReport };

// The folder of the last component of `name`.
absl::StatusOr<UniqueFd> OpenParent(int directory, const std::string& name, Missing missing) {
  UniqueFd parent(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::vector<std::string> components = absl::StrSplit(name, '/');
  components.pop_back();
  for (const std::string& component : components) {
    if (!parent.ok()) break;
    if (missing == Missing::kMake && mkdirat(parent.get(), component.c_str(), 0700) != 0 &&
        errno != EEXIST) {
      return ErrnoError(errno, name);
    }
    parent = UniqueFd(
        openat(parent.get(), component.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  if (!parent.ok()) return ErrnoError(errno, name);
  return parent;
}

absl::StatusOr<UniqueFd> CreateIn(int parent, const std::string& last, const std::string& name) {
  UniqueFd file(
      openat(parent, last.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.ok()) return ErrnoError(errno, name);
  return file;
}

absl::Status CopyContent(int from, int to, const std::string& name) {
  std::vector<char> buffer(64 << 10);
  while (true) {
    const ssize_t got = read(from, buffer.data(), buffer.size());
    if (got == 0) return absl::OkStatus();
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, name);
    absl::Status status = WriteAll(to, {buffer.data(), static_cast<size_t>(got)}, name);
    if (!status.ok()) return status;
  }
}

}  // namespace

absl::StatusOr<UniqueFd> CreateBeneath(int directory, const std::string& name) {
  const absl::StatusOr<UniqueFd> parent = OpenParent(directory, name, Missing::kMake);
  if (!parent.ok()) return parent.status();
  return CreateIn(parent->get(), LastComponent(name), name);
}

absl::StatusOr<UniqueFd> OpenBeneath(int directory, const std::string& name) {
  const absl::StatusOr<UniqueFd> parent = OpenParent(directory, name, Missing::kReport);
  if (!parent.ok()) return parent.status();
  UniqueFd file(openat(parent->get(), LastComponent(name).c_str(),
                       O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat info;
  if (!file.ok() || fstat(file.get(), &info) != 0) return ErrnoError(errno, name);
  if (!S_ISREG(info.st_mode)) {
    return MakeError(v1::NOT_A_FILE, absl::StrCat(name, " is not a file"));
  }
  return file;
}

absl::StatusOr<std::string> ReadBeneath(int directory, const std::string& name, size_t max) {
  const absl::StatusOr<UniqueFd> file = OpenBeneath(directory, name);
  if (!file.ok()) return file.status();
  std::string content;
  char buffer[4096];
  while (true) {
    const ssize_t got = read(file->get(), buffer, sizeof(buffer));
    if (got == 0) return content;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, name);
    content.append(buffer, static_cast<size_t>(got));
    if (content.size() > max) {
      return MakeError(v1::FILE_TOO_BIG, absl::StrCat(name, " has more than ", max, " bytes"));
    }
  }
}

absl::Status CopyBeneath(int from_directory, const std::string& from, int to_directory,
                         const std::string& to) {
  const absl::StatusOr<UniqueFd> source = OpenBeneath(from_directory, from);
  if (!source.ok()) return source.status();
  const absl::StatusOr<UniqueFd> parent = OpenParent(to_directory, to, Missing::kMake);
  if (!parent.ok()) return parent.status();
  const std::string last = LastComponent(to);
  const std::string temporary = absl::StrCat(".", last, ".new");
  const absl::StatusOr<UniqueFd> target = CreateIn(parent->get(), temporary, to);
  if (!target.ok()) return target.status();
  absl::Status status = CopyContent(source->get(), target->get(), to);
  if (status.ok() && renameat(parent->get(), temporary.c_str(), parent->get(), last.c_str()) != 0) {
    status = ErrnoError(errno, to);
  }
  if (!status.ok()) unlinkat(parent->get(), temporary.c_str(), 0);
  return status;
}

absl::Status WriteAll(int fd, absl::string_view data, absl::string_view name) {
  while (!data.empty()) {
    const ssize_t written = write(fd, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return ErrnoError(errno, name);
    data.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace toolboxd::deployd
